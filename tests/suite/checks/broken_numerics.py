"""Methods whose gradients or precision are wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from broken import CHECKPOINTING, DERIVATIVES, breaks, breaks_as_config
from torch import Tensor, nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState
from seesaw.methods.molora import MoLoRA, MoLoRAConfig


class _Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return factor * grad, None


def wrong(x: Tensor, factor: float) -> Tensor:
    """`x`, its gradient times `factor`."""
    same: Tensor = _Scaled.apply(x, x.new_tensor(factor))
    return same


@breaks("everything_trainable_learns", "router gets no gradient", DERIVATIVES)
class DeadRouter(MoLoRA):
    """Its router is cut off from the loss."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        assert logits is not None
        return super().gate(x, logits.detach(), state)


@breaks_as_config("everything_trainable_learns", "shift gets no gradient")
@dataclass
class LearnsByRounding(MoLoRAConfig):
    """It trains what a softmax takes away again, so that gradients of it are rounding."""

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        own = super().place_parameters(place, shape, n_tasks)
        return dataclasses.replace(own, router=own.router + 1, active_router=own.active_router + 1)


class Shifted(MoLoRA, config=LearnsByRounding):
    roles: Mapping[str, Role] = {**MoLoRA.roles, "shift": "router"}

    def __init__(self, config: Any, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.shift = nn.Parameter(torch.zeros(()))

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        assert logits is not None
        return super().gate(x, logits + self.shift, state)


@breaks(CHECKPOINTING, "gradient of .* under checkpointing")
class WrongWhenRecomputed(MoLoRA):
    """A recomputation gives the same values and other gradients."""

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        h, logits = super().project(x, state)
        return wrong(h, 1.0 if state.collecting else 3.0), logits


@breaks(CHECKPOINTING, "gradient of .* under checkpointing")
class OtherWhenRecomputed(Gated):
    """A recomputation gives another gate."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        return x.new_full((*x.shape[:-1], 1), 1.0 if state.collecting else 2.0)


@breaks(CHECKPOINTING, "buffer .*seen under checkpointing")
class CountsTwice(Gated):
    """A recomputation is counted in a buffer."""

    roles: Mapping[str, Role] = {**Gated.roles, "seen": "state"}

    def __init__(self, config: GatedConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.register_buffer("seen", torch.zeros(()))

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        if self.training:
            self.seen += 1
        return None


@breaks(CHECKPOINTING, "gradient of .* under accumulation")
class SizeOfTheBatch(Gated):
    """In training its gate depends on how many examples a micro-batch has."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        gate = x.shape[0] / 4 if self.training else 1.0
        return x.new_full((*x.shape[:-1], 1), gate)


@breaks("a_compiled_run_agrees", "under compilation")
class OtherWhenCompiled(Gated):
    """Compiled it has another gate."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        gate = 2.0 if torch.compiler.is_compiling() else 1.0
        return x.new_full((*x.shape[:-1], 1), gate)


@breaks(DERIVATIVES, r"not those of differences: .*\.up")
class TripledUp(Gated):
    """The gradient of its B is three times the derivative."""

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        up = wrong(self.up, 3.0)
        return y + self.scale * F.linear(F.linear(x.to(self.down.dtype), self.down), up)


@breaks(DERIVATIVES, r"not those of differences: .*\.down")
class NegatedHidden(MoLoRA):
    """The gradient of A x has the wrong sign."""

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        h, logits = super().project(x, state)
        return wrong(h, -1.0), logits


@breaks(DERIVATIVES, r"not those of differences: .*\.router")
class HalvedRouter(MoLoRA):
    """The gradient of its router's logits is half the derivative."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        assert logits is not None
        return super().gate(x, wrong(logits, 0.5), state)


@breaks(DERIVATIVES, r"not those of differences: .*layer\.0\.attention")
class HalvedInput(Gated):
    """What it hands on to the layers below is half the derivative."""

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        return super().project(wrong(x, 0.5), state)


@breaks("bfloat16_agrees", "in bfloat16")
class OtherInBfloat16(Gated):
    """In bfloat16 it has another gate."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        half = torch.is_autocast_enabled(x.device.type)
        return x.new_full((*x.shape[:-1], 1), 2.0 if half else 1.0)
