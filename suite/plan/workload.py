"""A track with its data and backbone found and checked, and where methods act in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from seesaw.methods import get_method
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Linears, Placement, Shapes
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.request import MethodRequest, RequestError
from seesaw.suite.plan.solver import solve
from seesaw.suite.records.spec import CANONICAL, Spec, Tuned
from seesaw.tasks.backbones.files import sha256
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import is_shipped, read_track
from seesaw.tasks.families.family import family_class, open_family
from seesaw.tasks.track import Track

Key = tuple[str, str | None, str | None, tuple[str, ...]]
KEPT_OPEN = 8
"""Workloads that a process keeps open; an older one is opened again when it is asked for."""
OF_TRAINING = ("learning_rate", "steps")
"""What of a recipe neither data nor models depend on."""
_OPEN: dict[Key, Workload] = {}


class Workload:
    """A track with its data and backbone found and checked; shared by all runs on it.

    Args:
        track: what is learned, on which backbone.
        folder: local data, for tracks that take it.
        weights: folder, file or hub id that serves the backbone instead of what the track names.
        only: names of the tasks to keep, all of them if empty.

    Raises:
        DataError: the data is missing, damaged or empty.
        WeightsError: no weights are there, or other ones.
    """

    def __init__(
        self,
        track: Track,
        folder: Path | None = None,
        weights: str | None = None,
        only: Sequence[str] = (),
    ) -> None:
        self.track, self.shipped = track, is_shipped(track)
        self.data = None if folder is None else str(folder.absolute())
        here = weights is not None and Path(weights).exists()
        self.served = str(Path(weights).absolute()) if weights and here else weights
        self.slug, data = track.load_data(folder, only)
        self.weights = locate(track.backbone, weights)
        self.family = open_family(track, data, self.weights)
        self.tasks = [task.name for task in self.family.tasks]
        _OPEN[_key(track.model_dump(mode="json"), self.data, self.served, self.tasks)] = self
        while len(_OPEN) > KEPT_OPEN:
            del _OPEN[next(iter(_OPEN))]

    @cached_property
    def linears(self) -> Linears:
        """(d_in, d_out) of every linear layer of the backbone, by module name."""
        return track_linears(self.track, self.weights)

    def places(self, config: MethodConfig) -> Shapes:
        """Where a method acts in the backbone: (d_in, d_out) by place.

        Raises:
            RequestError: nowhere, or a pair reads what is not there.
        """
        try:
            return config.places(placement_of(self.track), self.linears)
        except ValueError as error:
            raise RequestError(f"{self.track.slug}: {error}") from None

    def config(self, request: MethodRequest, budget: Budget) -> MethodConfig:
        """The method's config as the track fixes it, filled to the budget; see `resolved`."""
        return resolved(self.track, self.linears, len(self.tasks), request, budget)

    def with_recipe(self, **changes: Any) -> Workload:
        """The same data and backbone with another learning rate, or another number of steps."""
        recipe = self.track.recipe.model_copy(update=changes)
        if recipe == self.track.recipe:
            return self
        other = copy(self)
        other.track = self.track.model_copy(update={"recipe": recipe})
        return other

    def spec(
        self,
        request: MethodRequest,
        config: Mapping[str, Any],
        budget: Budget,
        seed: int,
        tuned: Tuned | None = None,
    ) -> Spec:
        """The identity of one run."""
        backbone = self.track.backbone
        return Spec(
            track=self.slug,
            tasks=self.tasks,
            data_sha256={name: self.family.sha256[name] for name in self.tasks},
            weights_sha256=backbone.sha256 or sha256(self.weights),
            method=request.name,
            options=request.options,
            config=dict(config),
            budget=budget.on(self.track),
            budget_kind=budget.kind,
            recipe=self.track.recipe.model_dump(mode="json"),
            precision=self.track.recipe.precision,
            seed=seed,
            placement=None if self.shipped else backbone.placement,
            tuned=tuned,
        )


def open_workload(
    track: Mapping[str, Any], data: str | None, weights: str | None, tasks: Sequence[str]
) -> Workload:
    """The workload of a track's snapshot; the one this process has open, if it has.

    Raises:
        DataError: see `Workload`.
        WeightsError: see `Workload`.
    """
    known = _OPEN.get(_key(track, data, weights, tasks))
    if known is None:
        return Workload(read_track(track), Path(data) if data else None, weights, tasks)
    return known.with_recipe(**{name: track["recipe"][name] for name in OF_TRAINING})


def _key(
    track: Mapping[str, Any], data: str | None, weights: str | None, tasks: Sequence[str]
) -> Key:
    own = {name: value for name, value in track["recipe"].items() if name not in OF_TRAINING}
    return CANONICAL.encode({**track, "recipe": own}), data, weights, tuple(tasks)


def resolved(
    track: Track, linears: Linears, n_tasks: int, request: MethodRequest, budget: Budget
) -> MethodConfig:
    """A method's config as a track fixes it, filled to the budget.

    Raises:
        RequestError: it has no place among the `linears` of the track's backbone.
        BudgetError: no size of it comes close to the budget.
    """
    placement, recipe = placement_of(track), track.recipe
    config = request.config().placed(placement, recipe.dropout, n_tasks)
    try:
        places = config.places(placement, linears)
    except ValueError as error:
        raise RequestError(f"{track.slug}: {error}") from None
    return solve(config.scaled(recipe.scale), places, n_tasks, budget.on(track), budget.kind)


def placement_of(track: Track) -> Placement:
    """Where a track wants updates."""
    backbone = track.backbone
    return Placement(backbone.adapted, backbone.reads, backbone.backbone_rank)


def linear_shapes(model: nn.Module) -> Linears:
    """(d_in, d_out) of every linear layer of `model`, by module name."""
    return {
        name: (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
    }


def track_linears(track: Track, weights: Path) -> Linears:
    """`linear_shapes` of a track's backbone, on the meta device."""
    return linear_shapes(family_class(track).model_factory.load_backbone(track, weights, meta=True))


def stored_config(spec: Spec, track: Track) -> MethodConfig:
    """The config of a spec, where its track has it.

    Raises:
        ValueError: the method does not know a word of it.
    """
    config = get_method(spec.method).from_record(spec.config)
    return config.placed(placement_of(track), track.recipe.dropout, len(spec.tasks))
