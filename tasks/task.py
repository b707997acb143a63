"""A task, its examples, and its data in three splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

SPLITS = ("train", "dev", "test")
SCORED = ("dev", "test")
"""Splits that outcomes are of."""
Unit = Literal["points", "degrees", "metres"]
"""Unit of a task's reported metric; points are a share times 100."""


class DataError(ValueError):
    """Data that is missing or has the wrong shape; the message names the file or the column."""


class WeightsError(ValueError):
    """Weights that are missing or are not the ones the track names."""


class Example(NamedTuple):
    """One text or text pair with a class index or a score."""

    text_a: str
    text_b: str | None
    label: float


@dataclass(frozen=True)
class Task:
    """What is learned: `n_classes` is None for regression; the first metric is the one reported."""

    name: str
    n_classes: int | None = None
    metrics: tuple[str, ...] = ("accuracy",)
    unit: Unit = "points"
    lower_is_better: bool = False


Kind = TypeVar("Kind", bound=Task)
Row = TypeVar("Row", bound=tuple[Any, ...])


@dataclass(frozen=True)
class TaskData(Generic[Kind, Row]):
    """A task's examples by split. Tuning sees train and dev, reports only test."""

    task: Kind
    train: Sequence[Row]
    dev: Sequence[Row]
    test: Sequence[Row]

    def split(self, name: str) -> Sequence[Row]:
        """The examples of one split."""
        return {"train": self.train, "dev": self.dev, "test": self.test}[name]

    def sha256(self) -> str:
        """Hash of every example in order, with its split."""
        digest = hashlib.sha256()
        for split in SPLITS:
            for example in self.split(split):
                digest.update(repr((split, *example)).encode())
        return digest.hexdigest()


def sentence(text: str) -> str:
    """`text` as a sentence: a capital first, a full stop last."""
    return text[0].upper() + text[1:] + "."
