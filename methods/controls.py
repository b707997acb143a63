"""Controls of a mixture: the same ranks without a learnt router, and PEFT's LoRA of its rank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from seesaw.methods.core.experts import ExpertsConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.plain import PlainConfig
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.lora import LoRAConfig
from seesaw.methods.molora import MoLoRA, MoLoRAConfig
from seesaw.methods.registry import register


@dataclass
class PlainAtRankConfig(PlainConfig):
    """`lora_rank` where the update reads another module than it writes."""

    fixed_size = True


@register
@dataclass
class LoRAAtRankConfig(LoRAConfig):
    """PEFT's LoRA at a rank of its own, under the budget: a mixture's total or active rank."""

    name = "lora_rank"
    title = "LoRA at a given rank, below the budget"
    control = True
    fixed_size = True
    beside = PlainAtRankConfig

    r: int = setting(8, sized=True)

    def sizes(self) -> Iterator[Self]:
        """Only its own."""
        yield self


@register
@dataclass
class MoLoRAUniformConfig(ExpertsConfig):
    """MoLoRA without a router: every expert has the same weight for every token."""

    name = "molora_uniform"
    title = "MoLoRA with equal weights, no router"
    paper = "arXiv 2309.05444"
    control = True

    r: int = 64

    def mean_gate(self) -> float:
        """1 / E."""
        return 1.0 / self.experts

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        return self.lora_parameters(place, shape)


class Uniform(Gated, config=MoLoRAUniformConfig):
    """One place: the gate is 1 / E."""

    config: MoLoRAUniformConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """1 / E for every expert."""
        return x.new_full((*x.shape[:-1], self.config.experts), 1.0 / self.config.experts)


@register
@dataclass
class MoLoRARandomConfig(MoLoRAConfig):
    """MoLoRA whose router stays as it was drawn."""

    name = "molora_random"
    title = "MoLoRA with a frozen random router"
    control = True

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """As MoLoRA, but the router is not trained and so not counted; a token still reads it."""
        counts = super().place_parameters(place, shape, n_tasks)
        return Parameters(counts.experts, counts.active_experts, active_router=counts.active_router)


class MoLoRARandom(MoLoRA, config=MoLoRARandomConfig):
    """One place: the router is a buffer, saved with the adapter."""

    def __init__(self, config: MoLoRAConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        assert self.router is not None
        drawn = self.router.detach()
        del self.router
        self.register_buffer("router", drawn)
