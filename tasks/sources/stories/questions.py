"""Questions about the order of words, whose prompt shows the words and never the order."""

from __future__ import annotations

from collections.abc import Mapping

from numpy.random import Generator

from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources.stories.text import some

WRITTEN, CHOSEN = 6, 4
"""Words that are asked about."""


def ends(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    """Which of six is ranked highest, and which lowest; to be written.

    Args:
        rng: draws the words.
        told: says whose order is meant.
        rank: all words, the highest ranked with the greatest number.
    """
    words = some(rng, tuple(rank), WRITTEN)
    ordered = sorted(words, key=rank.__getitem__, reverse=True)
    return _instruction(told, " ".join(words), f"{ordered[0]} {ordered[-1]}")


def first(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    """Which of four is ranked highest; to be chosen. Arguments as in `ends`."""
    words = some(rng, tuple(rank), CHOSEN)
    return _instruction(told, " ".join(words), max(words, key=rank.__getitem__), tuple(words))


def _instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    # short, since every token costs time
    return Instruction(f"{told}. {given}:", f" {answer}", tuple(f" {c}" for c in choices))
