"""Whom does the pronoun mean, the first or the second person named?

Either a man and a woman are named and the pronoun decides, or both are men or both women, and the
verb and the trait decide together ("beat ... because he was quick").
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import MEN, PLACES, TRAITS, TRANSITIVE, WOMEN
from seesaw.tasks.task import Example, Task, sentence

PEOPLE = ((MEN, "he"), (WOMEN, "she"))


def _by_gender(rng: Random, first: bool) -> str:
    (meant, pronoun), (other, _) = rng.sample(PEOPLE, 2)
    a, b = rng.choice(meant), rng.choice(other)
    if not first:
        a, b = b, a
    verb, where = rng.choice(TRANSITIVE)[0], rng.choice(PLACES)
    return f"{a} {verb} {b} when {pronoun} was in the {where}"


def _by_trait(rng: Random, first: bool) -> str:
    names, pronoun = rng.choice(PEOPLE)
    a, b = rng.sample(names, 2)
    verb, converse, traits, opposites = rng.choice(TRAITS)
    direct = rng.random() < 0.5
    trait = rng.choice(traits if first == direct else opposites)
    return f"{a} {verb if direct else converse} {b} because {pronoun} was {trait}"


def generate(rng: Random) -> Example:
    """1 = the first person."""
    first = rng.random() < 0.5
    make = _by_gender if rng.random() < 0.5 else _by_trait
    return Example(sentence(make(rng, first)), None, float(first))


TASK = Task("reference", 2)
