"""Methods that break what the suite relies on: counts, start, saving, merging, routing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from broken import CHECKPOINTING, GENERATION, breaks, breaks_as_config
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.plain import PlainConfig
from seesaw.methods.core.state import RoutingState
from seesaw.methods.lora import LoRAConfig
from seesaw.methods.molora import MoLoRA, MoLoRAConfig


@breaks_as_config("parameters_are_what_the_formula_says", "router parameters are trained")
@dataclass
class ForgottenRouter(MoLoRAConfig):
    """Its formula forgets the router."""

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        return dataclasses.replace(super().place_parameters(place, shape, n_tasks), router=0)


@breaks_as_config("parameters_are_what_the_formula_says", "parameters are active of")
@dataclass
class MoreThanAll(PlainConfig):
    """More of it is active than there is."""

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        own = super().place_parameters(place, shape, n_tasks)
        return dataclasses.replace(own, active_experts=2 * own.experts)


@breaks_as_config("sizes_grow", "does not grow")
@dataclass
class EverySizeTwice(PlainConfig):
    """Its ladder has two rungs of every size."""

    def sizes(self) -> Iterator[Self]:
        for rung in super().sizes():
            yield rung
            yield rung


@breaks("it_starts_as_the_frozen_model", "at the start")
class StartsAnywhere(Gated):
    """Its B is not zero at the start."""

    def reset_parameters(self) -> None:
        super().reset_parameters()
        nn.init.normal_(self.up, std=0.1)


@breaks(
    "it_starts_as_the_frozen_model", "the adapter changes nothing", "everything_trainable_learns"
)
class NeverActs(Gated):
    """Its gate is closed."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        return x.new_zeros(*x.shape[:-1], 1)


@breaks("examples_do_not_see_their_batch", "alone against in its batch", GENERATION, CHECKPOINTING)
class BatchGate(Gated):
    """Its gate is the mean over the batch."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        h = F.linear(x, self.down)
        return torch.sigmoid(h.flatten(0, -2).mean(0)).expand_as(h)


@breaks("examples_do_not_see_their_batch", "evaluation changed .*seen")
class CountsInEvaluation(Gated):
    """It counts its calls in a buffer, in evaluation too."""

    roles: Mapping[str, Role] = {**Gated.roles, "seen": "state"}

    def __init__(self, config: GatedConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.register_buffer("seen", torch.zeros(()))

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        if not self.training:
            self.seen += 1
        return None


@breaks("a_saved_adapter_comes_back", "after saving and loading")
class ForgetsItsBuffer(Gated):
    """A buffer that acts is changed by steps and not saved."""

    roles: Mapping[str, Role] = {**Gated.roles, "gain": "state"}

    def __init__(self, config: GatedConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.register_buffer("gain", torch.ones(1), persistent=False)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        return self.gain.expand(*x.shape[:-1], 1)

    def after_step(self) -> None:
        self.gain.mul_(1.5)


@breaks_as_config("it_merges_or_says_why_not", "merged: values differ")
@dataclass
class MergesTwice(LoRAConfig):
    """It adds its update twice when it is merged."""

    def adapt(self, model: nn.Module) -> nn.Module:
        adapted = super().adapt(model)
        for layer in adapted.modules():
            if isinstance(layer, LoraLayer):
                own: Any = layer.get_delta_weight
                layer.get_delta_weight = lambda name, own=own: 2 * own(name)  # type: ignore[union-attr]
        return adapted


@breaks_as_config("it_merges_or_says_why_not", "declares merges = 'no', yet merging raises no")
@dataclass
class MergesInSilence(LoRAConfig):
    """It says that it cannot be merged, and can."""

    merges = "no"


@breaks_as_config("it_merges_or_says_why_not", "declares merges = 'yes', yet merging raises")
@dataclass
class RefusesToMerge(PlainConfig):
    """It says that it can be merged, and cannot."""

    merges = "yes"


@breaks("routing_is_recorded", "load of")
class CountsPadding(MoLoRA):
    """Its usage counts padding as well."""

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        masks, state.masks = state.masks, {}
        output = super().forward(y, x, state)
        state.masks = masks
        return output


@breaks("routing_is_recorded", "no place reports how its gate is used")
class HidesItsGate(MoLoRA):
    """It records nothing."""

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        before, state.record_usage = state.record_usage, False
        output = super().forward(y, x, state)
        state.record_usage = before
        return output


@breaks_as_config("routing_is_recorded", "its layers have no state")
@dataclass
class RoutesNowhere(LoRAConfig):
    """It says that it routes on tokens and has no gate."""

    routes_on = "token"


@breaks(GENERATION, "continues as")
class CountsPositions(Gated):
    """Its gate falls with the position in the input, padding on the left included."""

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        positions = torch.arange(x.shape[-2], device=x.device)
        return (4.0 / (1 + positions)).unsqueeze(-1).expand(*x.shape[:-1], 1).to(x.dtype)
