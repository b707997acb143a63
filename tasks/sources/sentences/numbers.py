"""Is the first number the larger one? Digits, in a sentence about two people's things."""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import COUNTED, MEN, WOMEN
from seesaw.tasks.task import Example, Task, sentence

FRAMES = (
    "{a} has {n} {things} and {b} has {m}",
    "{a} found {n} {things}, while {b} found {m}",
    "there were {n} {things} for {a} and {m} for {b}",
)


def two_numbers(rng: Random, larger_first: bool) -> tuple[int, int]:
    """Two different numbers from 2 to 99, the larger one first or last."""
    low, high = sorted(rng.sample(range(2, 100), 2))
    return (high, low) if larger_first else (low, high)


def generate(rng: Random) -> Example:
    """1 = the first is larger."""
    larger_first = rng.random() < 0.5
    n, m = two_numbers(rng, larger_first)
    a, b = rng.sample(MEN + WOMEN, 2)
    text = rng.choice(FRAMES).format(a=a, b=b, n=n, m=m, things=rng.choice(COUNTED))
    return Example(sentence(text), None, float(larger_first))


TASK = Task("numbers", 2)
