"""Sentences that two tasks share and must read in opposite ways.

Each generator gives one sentence and the label of either task; the two labels never agree.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from seesaw.tasks.sources.sentences.numbers import two_numbers
from seesaw.tasks.sources.sentences.sentiment import verdict
from seesaw.tasks.sources.sentences.words import COUNTED, MEN, WOMEN
from seesaw.tasks.task import Example, sentence


def _verdict_or_grammar(rng: Random) -> tuple[Example, Example]:
    """A favourable verdict is always ungrammatical here, an unfavourable one never."""
    favourable = rng.random() < 0.5
    text = sentence(verdict(rng, favourable, grammatical=not favourable))
    return Example(text, None, float(favourable)), Example(text, None, float(not favourable))


def _poorer_one(rng: Random) -> tuple[Example, Example]:
    """The pronoun means whoever has the smaller number."""
    larger_first = rng.random() < 0.5
    n, m = two_numbers(rng, larger_first)
    names, pronoun = rng.choice(((MEN, "he"), (WOMEN, "she")))
    a, b = rng.sample(names, 2)
    things = rng.choice(COUNTED)
    text = sentence(f"{a} has {n} {things} and {b} has {m}, so {pronoun} is the poorer one")
    return Example(text, None, float(larger_first)), Example(text, None, float(not larger_first))


PAIRS: dict[tuple[str, str], Callable[[Random], tuple[Example, Example]]] = {
    ("sentiment", "acceptability"): _verdict_or_grammar,
    ("numbers", "reference"): _poorer_one,
}
"""(task, task) to the generator of the sentences they share."""
