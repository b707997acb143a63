"""Methods that misbehave, known to the suite for one test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from torch import Tensor

from seesaw.methods import method_names, registry
from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.parameters import Parameters

Act = Callable[[Gated], Tensor | None]


def hostile(
    monkeypatch: pytest.MonkeyPatch, act: Act, costs: Callable[[], None] = lambda: None
) -> str:
    """Register a LoRA that calls `act` for its gate, and `costs` for its size; its name.

    The registry is as it was when `monkeypatch` is undone.
    """
    method_names()  # all others are there before
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))

    class Layer(Gated):
        def gate(self, x: Tensor, logits: Tensor | None, state: Any) -> Tensor | None:
            return act(self)

    @registry.register
    @dataclass
    class HostileConfig(GatedConfig):
        name: ClassVar[str] = "hostile"
        title: ClassVar[str] = "a LoRA that misbehaves"
        paper: ClassVar[str] = ""

        def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
            costs()
            count = self.rank_at(place) * sum(shape)
            return Parameters(count, count)

        def build(self, place: str, d_in: int, d_out: int) -> Gated:
            return Layer(self, place, d_in, d_out)

    return HostileConfig.name
