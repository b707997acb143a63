"""Methods that train more, know more or use more than they say, each in one way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from seesaw.methods import method_names, registry
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.linear import GatedLinear
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.plain import PlainConfig
from seesaw.methods.core.state import RoutingState


def made_known(monkeypatch: pytest.MonkeyPatch, method: type[GatedConfig]) -> str:
    """Register a method until `monkeypatch` is undone; its name."""
    method_names()  # all others are there before
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))
    registry.register(method)
    return method.name


@dataclass
class Honest(PlainConfig):
    """Plain LoRA; what the others are but for one thing."""

    name = "honest"
    title = "an honest method"

    def adapt(self, model: Any) -> nn.Module:
        """Every place sees the frozen weights it may reach: its linear's and the embeddings'."""
        adapted = super().adapt(model)
        for layer in adapted.modules():
            if isinstance(layer, GatedLinear):
                (place,) = layer.seesaw_adapter.values()
                place.__dict__["linear"] = layer.get_base_layer()
                place.__dict__["words"] = model.get_input_embeddings()
        return adapted


def cheat(layer: type[Gated]) -> type[Honest]:
    """The config of a layer: honest but for the layer, and called as it is."""
    config: Any = type(f"{layer.__name__}Config", (Honest,), {"layer": layer})
    config.name = layer.__name__.lower()
    return dataclass(config)  # type: ignore[no-any-return]


class UnfreezesInEvaluation(Gated):
    """Unfreezes its linear at the first `.eval()`."""

    when: ClassVar[bool] = False

    def train(self, mode: bool = True) -> Any:
        if mode is self.when and "linear" in self.__dict__:
            self.linear.weight.requires_grad_(True)
        return super().train(mode)


class UnfreezesInTraining(UnfreezesInEvaluation):
    """Unfreezes its linear at the first `.train()`."""

    when = True


class UnfreezesForTheStep(Gated):
    """Unfreezes its linear in training and freezes it again in evaluation."""

    def train(self, mode: bool = True) -> Any:
        if "linear" in self.__dict__:
            self.linear.weight.requires_grad_(mode)
        return super().train(mode)


class WritesIntoLinears(Gated):
    """Moves the frozen weights of its linear by hand."""

    what: ClassVar[str] = "linear"

    def after_step(self) -> None:
        if self.what in self.__dict__:
            self.__dict__[self.what].weight.data.mul_(1.01)


class WritesIntoEmbeddings(WritesIntoLinears):
    """Moves the frozen embeddings by hand."""

    what = "words"


class WritesInForward(Gated):
    """Moves the frozen weights of its linear whenever it is called in evaluation."""

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        if not self.training and "linear" in self.__dict__:
            self.linear.weight.data.add_(1e-6)
        return super().forward(y, x, state)


class TrainsABuffer(Gated):
    """Trains a bias by hand and keeps it in a buffer that is not declared to change."""

    roles: Mapping[str, Role] = {**Gated.roles, "offset": "experts"}

    def __init__(self, config: GatedConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.register_buffer("offset", torch.zeros(d_out))

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        output = super().forward(y, x, state) + self.offset.to(y.dtype)
        if output.requires_grad and self.training:
            output.register_hook(self.learn)
        return output

    def learn(self, grad: Tensor | None) -> None:
        if grad is not None:
            self.offset.data.sub_(0.1 * grad.flatten(0, -2).sum(0))


class FreezesItself(Gated):
    """Is frozen once it has been trained."""

    def after_step(self) -> None:
        self.up.requires_grad_(False)


class ShowsTheTask(Gated):
    """Has another gate where it sees task ids, and does not say that it is told them."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        if state.task_ids is None:
            return None
        return (1.0 + state.task_ids.to(x.dtype)).unsqueeze(-1)


class AsksForTheTask(Gated):
    """Routes on the task and does not say that it is told it."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        return (1.0 + state.tasks("it").to(x.dtype)).unsqueeze(-1)


class Peeks(Gated):
    """Notes whether task ids are there."""

    seen: ClassVar[set[bool]] = set()

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        self.seen.add(state.task_ids is not None)
        return super().forward(y, x, state)


@dataclass
class StatesLess(Honest):
    """States that a token uses half of what it uses."""

    name = "statesless"

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        own = super().place_parameters(place, shape, n_tasks)
        return dataclasses.replace(own, active_experts=own.experts // 2)


@dataclass
class Fast(Honest):
    """Learns at twenty times the rate of the others."""

    name = "fast"
    learning_rate_factor = 20.0
