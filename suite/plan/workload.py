"""A track with its data and backbone found and checked, and where methods act in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from torch import nn

from seesaw.methods import get_method
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Placement, Shapes
from seesaw.suite.plan.request import MethodRequest, RequestError
from seesaw.suite.plan.solver import solve
from seesaw.suite.records.record import Record, Spec
from seesaw.tasks.backbones.locate import locate, sha256
from seesaw.tasks.families.learner import learner_class
from seesaw.tasks.track import Track


class Workload:
    """A track with its data and backbone found and checked; shared by all runs on it."""

    def __init__(
        self,
        track: Track,
        folder: Path | None = None,
        weights: str | None = None,
        only: Sequence[str] = (),
    ) -> None:
        self.track = track
        self.slug, data = track.load_data(folder, only)
        self.weights = locate(track.backbone, weights)
        self.learner = learner_class(track).open(track, data, self.weights)
        self.tasks = [task.name for task in self.learner.tasks]

    @cached_property
    def linears(self) -> Shapes:
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

    def config(self, request: MethodRequest, budget: int) -> MethodConfig:
        """The method's config as the track fixes it, filled to the budget."""
        recipe = self.track.recipe
        config = request.config().placed(placement_of(self.track), recipe.dropout, len(self.tasks))
        return solve(config.scaled(recipe.scale), self.places(config), len(self.tasks), budget)

    def spec(self, request: MethodRequest, config: MethodConfig, budget: int, seed: int) -> Spec:
        """The identity of one run."""
        return Spec(
            track=self.slug,
            tasks=self.tasks,
            data_sha256={name: self.learner.sha256[name] for name in self.tasks},
            weights_sha256=self.track.backbone.sha256 or sha256(self.weights),
            method=request.name,
            options=request.options,
            config=config.describe(),
            budget=budget,
            recipe=self.track.recipe.model_dump(mode="json"),
            precision=self.track.recipe.precision,
            seed=seed,
        )


def placement_of(track: Track) -> Placement:
    """Where a track wants updates."""
    backbone = track.backbone
    return Placement(backbone.adapted, backbone.reads, backbone.backbone_rank)


def linear_shapes(model: nn.Module) -> dict[str, tuple[int, int]]:
    """(d_in, d_out) of every linear layer of `model`, by module name."""
    return {
        name: (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
    }


def track_linears(track: Track, weights: Path) -> dict[str, tuple[int, int]]:
    """`linear_shapes` of a track's backbone, on the meta device."""
    return linear_shapes(learner_class(track).load_backbone(track, weights, meta=True))


def stored_config(record: Record, track: Track) -> MethodConfig:
    """The config of a record, where its track has it."""
    config = get_method(record.spec.method)(**record.spec.config)
    return config.placed(placement_of(track), track.recipe.dropout, len(record.spec.tasks))
