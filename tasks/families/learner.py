"""What the suite asks of a family of tasks: batches, a model, its loss, outcomes and scores."""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from seesaw.tasks.task import Task
from seesaw.tasks.track import Track

EVAL_BATCH = 64
Scores = dict[str, dict[str, float]]
"""Values by metric id, by split (or by what they are the scores of)."""
Answers = Iterator[tuple[Any, Any, Sequence[Any]]]
"""Outputs, their batch, and for every example its row in the split, and what else tells it."""
Routing = Callable[[nn.Module, Tensor | None], AbstractContextManager[Any]]
"""Holds task ids (batch,) while a model is called, see `methods.routing`."""


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


class MultiTaskModel(nn.Module):
    """A frozen `backbone`, whatever adapter is put into it, and heads; outputs by batch."""

    backbone: nn.Module
    passes: int = 1
    """Runs of the backbone per example."""

    def route(self, batch: Any) -> tuple[Tensor | None, Tensor | None]:
        """Task ids (batch,) and padding mask (batch, length) for `methods.routing`."""
        raise NotImplementedError


class Learner(ABC):
    """A track with its data and weights found.

    `tasks` stand in the order of their ids; `key` are the columns that tell a row of outcomes from
    the others.
    """

    tasks: tuple[Task, ...]
    sha256: Mapping[str, str]
    key: ClassVar[tuple[str, ...]] = ("split", "task", "row")

    @classmethod
    @abstractmethod
    def open(cls, track: Any, data: Any, weights: Path) -> Self:
        """The learner of a track, from what `track.load_data` gave and its checked weights."""

    @staticmethod
    @abstractmethod
    def load_backbone(track: Any, weights: Path, meta: bool = False) -> nn.Module:
        """The frozen backbone of a track; on the meta device only its shapes."""

    @abstractmethod
    def backbone(self) -> nn.Module:
        """A fresh frozen backbone."""

    @abstractmethod
    def model(self, backbone: nn.Module, told_task: bool) -> MultiTaskModel:
        """Backbone and heads, for a method that is told the task or not."""

    @abstractmethod
    def train_batches(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Any]]:
        """Per step the micro-batches of one batch; their order depends on `order` alone."""

    @abstractmethod
    def loss(self, outputs: Any, batch: Any, size: int) -> Tensor:
        """What a micro-batch adds to the mean loss of a batch of `size` examples, a scalar."""

    @abstractmethod
    def eval_batches(self, split: str, size: int) -> Iterator[tuple[Any, Sequence[Any]]]:
        """Every example of a split once, with its row number."""

    @abstractmethod
    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        """What every example of a split comes to: all that scores are computed from."""

    @staticmethod
    @abstractmethod
    def scores(outcomes: pd.DataFrame, task: str, metrics: Sequence[str]) -> Scores:
        """Every metric of one task on dev and test, from outcomes alone."""

    @abstractmethod
    def examples(self, task: int, split: str) -> int:
        """Size of a split."""

    @property
    def cut_prompts(self) -> dict[str, int]:
        """Prompts, by split, that were too long and lost their left end."""
        return {}

    def evaluate(
        self,
        split: str,
        model: Any,
        answer: Callable[[Any], Any],
        routing: Routing,
        scored: Callable[[int], None],
    ) -> pd.DataFrame:
        """`outcomes` of a split.

        Args:
            split: dev or test.
            model: what is evaluated.
            answer: gives its outputs for a batch.
            routing: for whoever calls the model without `answer`.
            scored: told the number of examples as they are done.
        """

        def answers() -> Answers:
            for batch, rows in self.eval_batches(split, EVAL_BATCH):
                yield answer(batch), batch, rows
                scored(len(rows))

        return self.outcomes(split, answers())

    def routed_batches(self) -> Iterator[Any] | None:
        """Batches that show how gates are used on test; None if `evaluate` does."""
        return None

    def eval_size(self, split: str) -> int:
        """Forward passes of examples that scoring a split takes."""
        return sum(self.examples(task, split) for task in range(len(self.tasks)))

    @abstractmethod
    def trivial(self, task: int) -> Scores:
        """Test scores of trivial answers by their name: `constant`, and what else there is."""

    @abstractmethod
    def head(self, model: Any, task: int) -> dict[str, Tensor]:
        """The trained tensors of one task's head."""

    def general_batches(self) -> Iterator[tuple[Any, int]]:
        """Batches of text that is no task's, and the tokens to be predicted in each.

        None where there is no such text; the model gives their log-likelihood.
        """
        return iter(())

    def picture(self, predict: Any = None) -> bytes | None:
        """Some test examples (WebP) with what `predict` gives for a batch; None if none to see."""
        return None


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


def learner_class(track: Track) -> type[Learner]:
    """The learner of a track's family."""
    found: type[Learner] = pkgutil.resolve_name(track.learner)
    return found
