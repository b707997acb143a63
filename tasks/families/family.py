"""What the suite asks of a family of tasks: batches, models, scores, pictures."""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from torch import Tensor, nn

from seesaw.methods import routing
from seesaw.methods.core.state import RoutingState
from seesaw.tasks.families.batches import Batches
from seesaw.tasks.families.scoring import Scoring
from seesaw.tasks.task import Task
from seesaw.tasks.track import Track


class MultiTaskModel(nn.Module):
    """A frozen `backbone`, whatever adapter is put into it, and heads; outputs by batch.

    Args:
        backbone: frozen.
        n_tasks: how many tasks the track has.
        told_task: whether the method is told every example's task.
    """

    backbone: nn.Module
    passes: int = 1
    """Runs of the backbone per example."""

    def __init__(self, backbone: nn.Module, n_tasks: int, told_task: bool) -> None:
        super().__init__()
        self.backbone, self.n_tasks, self.told_task = backbone, n_tasks, told_task

    def route(self, batch: Any) -> tuple[Tensor | None, Tensor | None]:
        """Task ids and padding mask (batch, length); ids are (batch,) or (passes * batch,).

        Ids are None where an example is every task's.
        """
        raise NotImplementedError


@contextmanager
def routed(model: MultiTaskModel, batch: Any) -> Iterator[RoutingState]:
    """Hold the routing state of `batch` around the model's forward AND backward.

    Task ids reach the layers of a method that is told the task, and of no other; usage of gates,
    while it is recorded, is attributed to the batch's tasks in any case.
    """
    task_ids, mask = model.route(batch)
    with routing(model, task_ids if model.told_task else None, mask) as state:
        yield state
        if state.record_usage:
            state.attribute(task_ids, model.n_tasks)


class ModelFactory(ABC):
    """Makes a track's models out of its checked weights."""

    @staticmethod
    @abstractmethod
    def load_backbone(track: Any, weights: Path, meta: bool = False) -> nn.Module:
        """The frozen backbone of a track; on the meta device only its shapes."""

    @abstractmethod
    def backbone(self) -> nn.Module:
        """A fresh frozen backbone."""

    @abstractmethod
    def model(self, backbone: Any, told_task: bool = False) -> MultiTaskModel:
        """Backbone and heads, for a method that is told the task or not."""

    @abstractmethod
    def head(self, model: Any, task: int) -> dict[str, Tensor]:
        """The trained tensors of one task's head; none where the backbone answers by itself."""


class Pictures(ABC):
    """Draws test examples of a track whose examples can be seen."""

    @abstractmethod
    def sheet(self, predict: Callable[[Any], Any] | None = None) -> bytes:
        """Some test examples (WebP), with what `predict` gives for a batch if it is given."""


@dataclass(frozen=True)
class TaskFamily(ABC):
    """A track with its data and weights found, in the parts that the suite works with.

    `tasks` stand in the order of their ids; `sha256` says, by task, which data it is.
    """

    tasks: tuple[Task, ...]
    sha256: Mapping[str, str]
    data: Batches
    models: ModelFactory
    scoring: Scoring
    pictures: Pictures | None = None

    model_factory: ClassVar[type[ModelFactory]]
    """The class of `models`."""
    scorer: ClassVar[type[Scoring]]
    """The class of `scoring`."""

    @classmethod
    @abstractmethod
    def open(cls, track: Any, data: Any, weights: Path) -> Self:
        """The parts of a track, from what `track.load_data` gave and its checked weights."""


def family_class(track: Track) -> type[TaskFamily]:
    """The family of a track; no data is needed."""
    found: type[TaskFamily] = pkgutil.resolve_name(track.family)
    return found


def open_family(track: Track, data: Any, weights: Path) -> TaskFamily:
    """A track's family, from what `track.load_data` gave and its checked weights."""
    return family_class(track).open(track, data, weights)
