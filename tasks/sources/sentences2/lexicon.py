"""Words by level, and how lists are parted, so that tests hold words that training never showed."""

from __future__ import annotations

from functools import cache
from typing import TypeVar

from seesaw.tasks.task import Task

T = TypeVar("T")
Levels = tuple[tuple[str, ...], ...]
"""Words by level, from 0 to 5."""

_TURNS = ("train", "test", "dev", "test", "train", "test")


@cache
def of_split(words: tuple[T, ...], split: str) -> tuple[T, ...]:
    """The words of one split: of every six, test has three, training two and dev one."""
    return tuple(word for i, word in enumerate(words) if _TURNS[i % len(_TURNS)] == split)


def level_of(name: str) -> Task:
    """A task on the level of a word: a regression, reported as Pearson correlation."""
    return Task(name, None, ("pearson", "spearman"))
