"""From a request (methods, track, budget, seeds) to the runs it means, without training."""

from __future__ import annotations

import importlib
import re
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from torch import nn

from methods import get_method, method_names
from methods.method import MethodConfig, Placement, Shapes
from methods.registry import UnknownName
from suite.budget import solve
from suite.record import Record, Spec, variant
from tasks import backbones
from tasks.learner import learner_class
from tasks.track import Track

REQUEST = re.compile(r"(?P<name>[\w-]+)(\[(?P<options>[^\]]*)\])?")


class RequestError(ValueError):
    """A request that means nothing; the message names the field and what would be right."""


@dataclass(frozen=True)
class MethodRequest:
    """A method and the options set by the user: `smora` or `smora[active=4,score=softmax]`."""

    name: str
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """As in records: `smora` or `smora[active=4]`."""
        return variant(self.name, self.options)

    @property
    def config_class(self) -> type[MethodConfig]:
        """The method's config class."""
        return get_method(self.name)

    def config(self) -> MethodConfig:
        """The method's defaults with the user's options.

        Raises:
            RequestError: the method refuses a value.
        """
        try:
            return self.config_class(**self.options)
        except ValueError as error:
            raise RequestError(f"{self.name}: {error}") from None


def find_method(name: str) -> type[MethodConfig]:
    """A registered method, or the one that the module `name` registers.

    Raises:
        UnknownName: `name` is neither.
    """
    if "." in name:
        before = set(method_names())
        importlib.import_module(name)
        new = sorted(set(method_names()) - before) or [
            known for known in before if get_method(known).__module__ == name
        ]
        if new:
            return get_method(new[0])
    return get_method(name)


def parse_method(text: str, sized: bool = False) -> MethodRequest:
    """Read `name` or `name[field=value,...]`.

    Args:
        text: the request.
        sized: whether it may also set what the budget solver chooses.

    Raises:
        RequestError: not of that form, or a value of the wrong type.
        UnknownName: unknown method or field.
    """
    match = REQUEST.fullmatch(text.strip())
    if match is None:
        raise RequestError(f"method {text!r} is not of the form name or name[field=value,...]")
    config_class = get_method(match["name"])
    known = {*config_class.options, *(config_class.sizing if sized else ())}
    hints = typing.get_type_hints(config_class)
    options = {}
    for item in filter(None, (match["options"] or "").split(",")):
        field, _, value = (part.strip() for part in item.partition("="))
        if field not in known:
            raise UnknownName(f"field of {match['name']}", field, known)
        try:
            options[field] = TypeAdapter(hints[field]).validate_python(value)
        except ValidationError as error:
            message = error.errors()[0]["msg"]
            raise RequestError(f"{match['name']}: {field} is {value!r}: {message}") from None
    return MethodRequest(match["name"], options)


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
        self.weights = backbones.locate(track.backbone, weights)
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
            weights_sha256=self.track.backbone.sha256 or backbones.sha256(self.weights),
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


@dataclass(frozen=True)
class Plan:
    """One run: what it is, and all it needs."""

    workload: Workload
    config: MethodConfig
    spec: Spec

    @property
    def parameters(self) -> Any:
        """Closed-form parameter counts."""
        return self.config.parameters(self.workload.places(self.config), len(self.workload.tasks))


def make_plans(
    workload: Workload, methods: Sequence[MethodRequest], budget: int | None, seeds: Sequence[int]
) -> list[Plan]:
    """Every run of the request on one track, methods outermost."""
    target = budget or workload.track.budgets.default
    plans = []
    for request in methods:
        config = workload.config(request, target)
        for seed in seeds:
            plans.append(Plan(workload, config, workload.spec(request, config, target, seed)))
    return plans
