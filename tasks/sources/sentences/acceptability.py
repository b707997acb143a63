"""Is the sentence grammatical? Agreement, reflexives, word order.

Good and bad sentences are made of the same words: only who agrees with whom, or the order, differs.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import (
    ADVERBS,
    INTRANSITIVE,
    NOUNS,
    PLAIN_ADJECTIVES,
    PREPOSITIONS,
    REFLEXIVE,
)
from seesaw.tasks.task import Example, Task, sentence


def _agreement(rng: Random, good: bool) -> str:
    """Subject and verb; in half of the sentences another noun stands between them."""
    head, near = rng.sample(NOUNS, 2)
    plural = rng.random() < 0.5
    verb = rng.choice(INTRANSITIVE)[plural if good else not plural]
    between = f"{rng.choice(PREPOSITIONS)} the {near[rng.random() < 0.5]} "
    where = between if rng.random() < 0.5 else ""
    return f"the {head[plural]} {where}{rng.choice(ADVERBS)} {verb}"


def _reflexive(rng: Random, good: bool) -> str:
    """Subject and reflexive pronoun."""
    noun, verb = rng.choice(NOUNS), rng.choice(REFLEXIVE)
    plural = rng.random() < 0.5
    reflexive = ("itself", "themselves")[plural if good else not plural]
    return f"the {rng.choice(PLAIN_ADJECTIVES)} {noun[plural]} {verb} {reflexive}"


def _order(rng: Random, good: bool) -> str:
    """One phrase turned round: adjective and noun, article and noun, or preposition and noun."""
    phrases = [
        ["the", rng.choice(PLAIN_ADJECTIVES), rng.choice(NOUNS)[0]],
        [rng.choice(ADVERBS), rng.choice(INTRANSITIVE)[0]],
        [rng.choice(PREPOSITIONS), "the", rng.choice(NOUNS)[0]],
    ]
    if not good:
        start, phrase = rng.choice(((1, phrases[0]), (0, phrases[2]), (1, phrases[2])))
        phrase[start:] = [*phrase[:start:-1], phrase[start]]
    return " ".join(word for phrase in phrases for word in phrase)


def generate(rng: Random) -> Example:
    """1 = acceptable."""
    good = rng.random() < 0.5
    make = rng.choice((_agreement, _agreement, _reflexive, _order, _order))
    return Example(sentence(make(rng, good)), None, float(good))


TASK = Task("acceptability", 2)
