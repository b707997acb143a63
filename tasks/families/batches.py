"""A track's examples as batches, and the order in which they are trained on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
import torch


class Batch(Protocol):
    """Examples as tensors."""

    def __len__(self) -> int: ...

    @property
    def tokens(self) -> int:
        """Tokens without padding, of one pass."""

    @property
    def shape(self) -> list[int]:
        """Examples, and tokens of each with padding."""

    def to(self, device: torch.device) -> Self:
        """The batch on `device`."""


class Batches(ABC):
    """A track's examples as batches; tasks stand in the order of their ids."""

    @abstractmethod
    def train(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Any]]:
        """Per step the micro-batches of one batch; their order depends on `order` alone."""

    @abstractmethod
    def eval(self, split: str, size: int) -> Iterator[tuple[Any, Sequence[Any]]]:
        """Every example of a split once, with its row number."""

    @abstractmethod
    def examples(self, task: int, split: str) -> int:
        """Size of a task's split."""

    @abstractmethod
    def eval_size(self, split: str) -> int:
        """Forward passes of examples that scoring a split takes."""

    def shown(self) -> Iterator[Any] | None:
        """Batches that show how gates are used on test; None if those of scoring do."""
        return None

    def general(self) -> Iterator[tuple[Any, int]]:
        """Batches of text that is no task's, and the tokens to be predicted in each.

        None where there is no such text; the model gives their log-likelihood.
        """
        return iter(())

    @cached_property
    def cut(self) -> dict[str, set[str]]:
        """Prompts, by split, that were too long and lost their left end."""
        return defaultdict(set)

    @property
    def cut_prompts(self) -> dict[str, int]:
        """How many prompts were cut, by split."""
        return {split: len(prompts) for split, prompts in self.cut.items()}

    def forget_cuts(self) -> None:
        """Begin a run, which counts the prompts that it cuts itself."""
        self.cut.clear()


def endless(order: np.random.Generator, size: int) -> Iterator[int]:
    """0 ... size - 1 in one shuffled round after another."""
    while True:
        yield from order.permutation(size).tolist()


def mixed_rows(
    order: np.random.Generator, sizes: Sequence[int], steps: int, size: int
) -> Iterator[list[tuple[int, int]]]:
    """Per step the (task, row) pairs of a mixed batch, from tasks of so many examples.

    Tasks take turns in shuffled rounds, so every batch holds all of them about equally often; each
    task goes through its own examples in shuffled epochs.
    """
    tasks = endless(order, len(sizes))
    examples = [endless(order, count) for count in sizes]
    for _ in range(steps):
        yield [(t, next(examples[t])) for _, t in zip(range(size), tasks, strict=False)]
