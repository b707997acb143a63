"""What a track says; `tasks/tracks` has a small file for each version of each.

A track fixes everything that must be the same for every method: the frozen backbone and its
weights' hash, tasks and data, the training recipe, the effective scale, the budgets. Changing
anything that moves a score makes a new version, in a file of its own; the files of older versions
stay, so that the records made on them can be read and verified.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from typing_extensions import override

from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import SPLITS, DataError, TaskData

Share = Annotated[float, Field(ge=0.0, lt=1.0)]


class Backbone(StrictModel):
    """Where the frozen weights come from, and which linears are adapted."""

    model: str = Field(description="hub id")
    package: str | None = Field(None, description="an installed package that carries the weights")
    file: str | None = Field(None, description="weights that come with the suite")
    packaged: str | None = Field(None, description="a name that `seesaw backbones` lists")
    options: dict[str, Any] = Field({}, description="changes of a timm architecture")
    sha256: str | None = Field(
        None, description="of the weights; recorded alone if not given", pattern="^[0-9a-f]{64}$"
    )
    adapted: str = Field(description="regular expression over module names, matched in full")
    reads: dict[str, str] = Field({}, description="updates that read another linear's input")
    backbone_rank: NonNegativeInt = Field(0, description="of a plain LoRA at every adapted linear")

    @property
    def placement(self) -> dict[str, Any]:
        """What a run depends on besides the weights: architecture, and where updates stand."""
        told = {"model", "options", "adapted", "reads", "backbone_rank"}
        return self.model_dump(mode="json", include=told)


class Recipe(StrictModel):
    """Training, the same for every method; families of tasks add what is theirs."""

    steps: PositiveInt
    batch_size: PositiveInt
    micro_batches: PositiveInt = 1
    learning_rate: PositiveFloat
    weight_decay: float = 0.0
    warmup: Share
    clip_norm: PositiveFloat
    scale: PositiveFloat
    dropout: Share
    precision: Literal["fp32", "bf16"] = "fp32"


class Budgets(StrictModel):
    """Trainable adapter parameters, routers and task embeddings included."""

    default: PositiveInt
    curve: tuple[PositiveInt, ...] = ()


class Tuning(StrictModel):
    """What is tried of every entry before it is judged: as much of each, at the same points."""

    trials: PositiveInt = 8
    learning_rate: tuple[PositiveFloat, PositiveFloat] = Field(description="lowest and highest")
    share: Annotated[float, Field(ge=0.5, le=1)] = Field(0.5, description="of a run's steps")
    draw: NonNegativeInt = Field(0, description="which draw of points")

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        low, high = self.learning_rate
        if not low < high:
            raise ValueError(f"learning_rate is {low} to {high}; the first must be the lower")
        return self


CONFLICT = "conflict"
"""The option of a generated track that says how much its tasks contradict."""


class Track(StrictModel, ABC):
    """A frozen backbone, tasks and a recipe under one versioned name."""

    kind: str = "sentences"
    name: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")
    version: PositiveInt
    tier: Literal["embedded", "package", "local", "hub"]
    title: str
    description: str
    source: str = Field(description="module whose `load(options, folder)` gives the data")
    hub: str | None = Field(None, description="hub id of the data set")
    tasks: tuple[str, ...] = Field(description="names, in the order `load` gives them")
    options: dict[str, Any] = Field({}, description="handed to `load`")
    backbone: Backbone
    recipe: Recipe
    budgets: Budgets
    tuning: Tuning | None = Field(None, description="None where nothing is tuned")
    dial: float | None = Field(
        None, ge=0, le=1, description="the option `conflict`, if it is another than the track's own"
    )

    family: ClassVar[str]
    """The class of its family of tasks, as `module:name`."""

    @property
    def slug(self) -> str:
        """`name@version`, and `-conflict0.5` behind it where that is not the track's own."""
        turned = "" if self.dial is None else f"-{CONFLICT}{self.dial:g}"
        return f"{self.name}@{self.version}{turned}"

    def turned(self, conflict: float) -> Self:
        """The same track with another share of conflict between its tasks.

        Raises:
            ValueError: it has no such dial, or the share is not from 0 to 1.
        """
        if CONFLICT not in self.options:
            raise ValueError(f"{self.slug} has no option {CONFLICT}, so it is as it is")
        if not 0 <= conflict <= 1:
            raise ValueError(f"{CONFLICT} is {conflict:g}; it must be from 0 to 1")
        if conflict == self.options[CONFLICT]:
            return self
        options = self.options | {CONFLICT: conflict}
        return self.model_copy(update={"options": options, "dial": conflict})

    @model_validator(mode="after")
    def _as_dialled(self) -> Self:
        if self.dial is not None and self.options.get(CONFLICT) != self.dial:
            raise ValueError(f"dial is {self.dial}; {CONFLICT} is {self.options.get(CONFLICT)}")
        return self

    @abstractmethod
    def load_data(self, folder: Path | None, only: Sequence[str] = ()) -> tuple[str, Any]:
        """The data of all tasks and the slug of what was loaded.

        Args:
            folder: local data instead of the hub's; its data sets are the track's local variant.
            only: names of the tasks to keep, all of them if empty.

        Raises:
            DataError: `only` names a task that is not there, or a task has an empty split.
        """

    def _loaded(self, folder: Path | None, **more: Any) -> Any:
        local = folder if self.tier != "embedded" else None
        options = {"hub": self.hub, **self.options, **more}
        return importlib.import_module(self.source).load(options, local)


def kept_tasks(slug: str, names: Sequence[str], only: Sequence[str]) -> tuple[str, list[str]]:
    """Those of `names` that `only` names, and the slug that says so.

    Raises:
        DataError: `only` names a task that is not there.
    """
    if not set(names) - set(only) or not only:
        return slug, list(names)
    if missing := sorted(set(only) - set(names)):
        raise DataError(f"unknown task {missing[0]!r} of {slug}; it has: {', '.join(names)}")
    kept = [name for name in names if name in only]
    return slug + "-" + "+".join(kept), kept


def check_sizes(slug: str, task: str, sizes: Mapping[str, int]) -> None:
    """Complain of a task that cannot be trained, tuned or tested.

    Raises:
        DataError: one of its splits is empty.
    """
    for split in SPLITS:
        if not sizes[split]:
            found = ", ".join(f"{count} in {name}" for name, count in sizes.items())
            raise DataError(f"{slug}: {task} has no examples in {split}; it has {found}")


class TextTrack(Track):
    """Every task has examples of its own."""

    @override
    def load_data(
        self, folder: Path | None, only: Sequence[str] = ()
    ) -> tuple[str, list[TaskData[Any, Any]]]:
        data: list[TaskData[Any, Any]] = self._loaded(folder)
        local = folder is not None and self.tier != "embedded"
        slug = self.slug + (f"-local{len(data)}" if local else "")
        slug, names = kept_tasks(slug, [d.task.name for d in data], only)
        kept = [d for d in data if d.task.name in names]
        for own in kept:
            sizes = {split: len(own.split(split)) for split in SPLITS}
            check_sizes(slug, own.task.name, sizes)
        return slug, kept


T = TypeVar("T", bound=Track)
_KINDS: dict[str, type[Track]] = {}


def register(kind: str) -> Callable[[type[T]], type[T]]:
    """Decorator of a family's track class: track files of this `kind` are read with it."""

    def remember(track: type[T]) -> type[T]:
        _KINDS[kind] = track
        return track

    return remember


@cache
def kinds() -> Mapping[str, type[Track]]:
    """Track classes of all families by the `kind` of their files."""
    package = importlib.import_module("seesaw.tasks.families")
    for family in pkgutil.iter_modules(package.__path__):
        if family.ispkg:
            importlib.import_module(f"{package.__name__}.{family.name}.track")
    return _KINDS
