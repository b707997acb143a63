"""MoDE, Mixture of Dyadic Experts (Ning et al., arXiv 2408.01505): shared A, a bank of B per slot.

y = W0 x + s sum_j sum_i R_j^i(x) (a_j x) b_j^i: every rank slot j has m candidates b_j^i and a
softmax over them. `part` slots share a router (p in "m x r x p"): m = 1 is LoRA, part = r is MoLoRA
with one A for all experts (HydraLoRA), part = 1 the dyadic experts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class MoDEConfig(GatedConfig):
    """Config of MoDE.

    Args:
        r: rank slots, the rank of the shared A.
        candidates: m, up-vectors per slot.
        part: p, slots that share a router; it must divide r.
    """

    name = "mode"
    title = "MoDE: a shared A and a bank of up-vectors per rank slot"
    paper = "arXiv 2408.01505"
    routes_on = "token"

    r: int = 16
    alpha: float = 16.0
    candidates: int = setting(4, sized=True)
    part: int = setting(1, sized=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.candidates < 1:
            raise ValueError(f"candidates is {self.candidates}; it must be at least 1")
        for rank in (self.r, *(self.rank_pattern or {}).values()):
            if self.part < 1 or rank % self.part:
                raise ValueError(f"part is {self.part}; it must divide the rank {rank}")

    def up_rank(self, rank: int) -> int:
        """The whole bank: m candidates of every slot."""
        return self.candidates * rank

    def router_rows(self, rank: int) -> int:
        """m logits per group of `part` slots."""
        return self.candidates * rank // self.part

    def rank_step(self) -> int:
        """Slots come and go in whole groups."""
        return self.part

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r d_in + m r d_out + (r / p) m d_in; soft routing uses all of it."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        experts = rank * d_in + self.up_rank(rank) * d_out
        router = self.router_rows(rank) * d_in
        return Parameters(experts, experts, router=router, active_router=router)


class MoDE(Gated, config=MoDEConfig):
    """One place of MoDE. Column i * r + j of U is candidate i of slot j."""

    config: MoDEConfig

    def reset_parameters(self) -> None:
        """A ~ N(0, 0.01^2), B zero, as in the paper; the router, not stated there, likewise."""
        nn.init.normal_(self.down, std=0.01)
        nn.init.zeros_(self.up)
        if self.router is not None:
            nn.init.normal_(self.router, std=0.01)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Softmax over the candidates inside every group of slots, (..., m r / p)."""
        assert logits is not None
        return torch.softmax(logits.unflatten(-1, (self.config.candidates, -1)), dim=-2).flatten(-2)

    def operands(self, h: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        """Every candidate of slot j reads the same a_j x: (1, r / p, p) against (m, r / p, 1)."""
        slots = h.unflatten(-1, (1, -1, self.config.part))
        return slots, gate.unflatten(-1, (self.config.candidates, -1, 1))
