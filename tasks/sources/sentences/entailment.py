"""Does the second sentence follow from the first? Kinds and monotonicity.

"Some poodle slept" gives "some dog slept", and "no dog slept" gives "no poodle slept". It fails
where the kinds have nothing to do with each other, and where the change goes the wrong way: the
words of either sentence alone say nothing.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import KINDS, MEN, PLACES, WOMEN
from seesaw.tasks.task import Example, Task, sentence

UPWARD = (
    "{name} noticed a {kind} in the {place}",
    "there was a {kind} in the {place}",
    "{name} bought a {kind} near the {place}",
)
DOWNWARD = (
    "{name} did not notice a {kind} in the {place}",
    "there was no {kind} in the {place}",
    "{name} never bought a {kind} near the {place}",
)
WRONG_WAY = 0.25
"""Share of the examples that are about the direction of the change, kinds always fitting."""


def generate(rng: Random) -> Example:
    """1 = follows."""
    follows, upward = rng.random() < 0.5, rng.random() < 0.5
    narrow, wide = rng.choice(KINDS)
    widens = upward
    if rng.random() < WRONG_WAY:
        widens = upward if follows else not upward
    elif not follows:
        wide = rng.choice([other for _, other in KINDS if other != wide])
    frame = rng.choice(UPWARD if upward else DOWNWARD)
    about = {"name": rng.choice(MEN + WOMEN), "place": rng.choice(PLACES)}
    first, second = (narrow, wide) if widens else (wide, narrow)
    premise = frame.format(kind=first, **about)
    hypothesis = frame.format(kind=second, **about)
    return Example(sentence(premise), sentence(hypothesis), float(follows))


TASK = Task("entailment", 2)
