"""Methods that misbehave, known to the suite for one test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from torch import Tensor

from seesaw.methods import method_names, registry
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place

Act = Callable[[Gated], Tensor | None]


def hostile(
    monkeypatch: pytest.MonkeyPatch, act: Act, costs: Callable[[], None] = lambda: None
) -> str:
    """Register a LoRA that calls `act` for its gate, and `costs` for its size; its name.

    The registry is as it was when `monkeypatch` is undone.
    """
    method_names()  # all others are there before
    monkeypatch.setattr(registry, "_METHODS", dict(registry._METHODS))

    @registry.register
    @dataclass
    class HostileConfig(GatedConfig):
        name: ClassVar[str] = "hostile"
        title: ClassVar[str] = "a LoRA that misbehaves"
        paper: ClassVar[str] = ""

        def place_parameters(
            self, place: Place, shape: tuple[int, int], n_tasks: int
        ) -> Parameters:
            costs()
            return self.lora_parameters(place, shape)

    class Layer(Gated, config=HostileConfig):
        def gate(self, x: Tensor, logits: Tensor | None, state: Any) -> Tensor | None:
            return act(self)

    return HostileConfig.name
