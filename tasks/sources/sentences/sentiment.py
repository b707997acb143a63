"""Is the verdict favourable? None, one or two negations around a good or a bad word.

Half of the sentences hold an odd number of negations, so the good or bad word alone says nothing.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import BAD, GOOD, REVIEWED
from seesaw.tasks.task import Example, Task, sentence

FRAMES = (
    ("{what} {be} {word}", "everyone says {what} {be} {word}", "it seems {what} {be} {word}"),
    ("{what} {be} not {word}", "nobody says {what} {be} {word}", "{what} {be} never {word}"),
    ("nobody says {what} {be} not {word}", "it is not true that {what} {be} never {word}"),
)  # fmt: skip
"""Forms by the number of negations."""


def verdict(rng: Random, favourable: bool, grammatical: bool = True) -> str:
    """A verdict of the given polarity; an ungrammatical one has the verb in the wrong number."""
    negations = rng.choice((0, 0, 0, 1, 1, 1, 1, 2))
    words = GOOD if favourable != (negations == 1) else BAD
    plural = rng.random() < 0.5
    noun = rng.choice(REVIEWED) + ("s" if plural else "")
    when = rng.choice(("in town", "last week", "we chose", "on Monday"))
    return rng.choice(FRAMES[negations]).format(
        what=f"the {noun} {when}",
        be="were" if plural == grammatical else "was",
        word=rng.choice(words),
    )


def generate(rng: Random) -> Example:
    """1 = favourable."""
    favourable = rng.random() < 0.5
    return Example(sentence(verdict(rng, favourable)), None, float(favourable))


TASK = Task("sentiment", 2)
