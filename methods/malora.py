"""MALoRA (Wang et al., arXiv 2410.22782): experts' A inside one shared low-rank subspace.

y = W0 x + (alpha / rank of an expert) sum_e g_e(x) B_e P_e (S x): A_e = P_e S with one S per
adapted linear, and what is saved goes into the rank of the experts. The paper's body was not at
hand: structure from its abstract and figure, the rest as stated at each field.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.molora import MoLoRA, MoLoRAConfig
from seesaw.methods.registry import register


@register
@dataclass
class MALoRAConfig(MoLoRAConfig):
    """Config of MALoRA.

    Args:
        subspace: d, the rank of the shared S.
        noise: standard deviation of Gaussian noise on the logits in training; others' code differs.
        balance: 0.001, for a loss summed over many linears.
    """

    name = "malora"
    title = "MALoRA: experts in a shared low-rank subspace"
    paper = "arXiv 2410.22782"

    subspace: int = setting(8, sized=True)
    noise: float = setting(0.0)
    balance: float = 0.001

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.subspace < 1:
            raise ValueError(f"subspace is {self.subspace}; it must be at least 1")
        if self.noise < 0:
            raise ValueError(f"noise is {self.noise}; it must not be negative")

    def down_rank(self, rank: int) -> int:
        """S has `subspace` rows whatever the rank."""
        return self.subspace

    def resized(self, rank: int) -> Self:
        """d / r stays."""
        share = self.subspace / self.r
        return super().resized(rank).replaced(subspace=max(1, round(share * rank)))

    def with_experts(self, experts: int, **active: Any) -> Self:
        """d / r stays."""
        share = self.subspace / self.r
        fewer = super().with_experts(experts, **active)
        return fewer.replaced(subspace=max(1, round(share * fewer.r)))

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """d d_in + r (d + d_out) + E d_in."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        per_rank, active = self.subspace + d_out, self.active_experts * (rank // self.experts)
        router = self.router_rows(rank) * d_in
        return Parameters(
            experts=self.subspace * d_in + rank * per_rank,
            active_experts=self.subspace * d_in + active * per_rank,
            router=router,
            active_router=router,
        )


class MALoRA(MoLoRA, config=MALoRAConfig):
    """One place of MALoRA: `down` is S (d, d_in), `inner` the stacked P (r, d)."""

    config: MALoRAConfig
    roles: Mapping[str, Role] = {**MoLoRA.roles, "inner": "experts"}

    def __init__(self, config: MALoRAConfig, place: Place, d_in: int, d_out: int) -> None:
        rank = config.rank_at(place)
        if config.subspace > d_in:
            raise ValueError(f"subspace is {config.subspace}; {place} has only {d_in} inputs")
        super().__init__(config, place, d_in, d_out)
        self.inner = nn.Parameter(torch.empty(rank, config.subspace))
        bound = 1.0 / math.sqrt(config.subspace)  # so that Var (P S) = 1 / (3 d_in), as LoRA's A
        nn.init.uniform_(self.inner, -bound, bound)

    def reset_parameters(self) -> None:
        """S with orthonormal rows: the leading right singular vectors of a random matrix."""
        super().reset_parameters()
        with torch.no_grad():  # a decomposition, which has no half precision
            self.down.copy_(nn.init.orthogonal_(torch.empty_like(self.down, dtype=torch.float32)))

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        """(P S x, Wr x): the second product is inside the subspace."""
        h, logits = super().project(x, state)
        return F.linear(h, self.inner), logits

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """MoLoRA's gate, on noisy logits if asked for."""
        if self.training and self.config.noise and logits is not None:
            logits = logits + self.config.noise * torch.randn_like(logits)
        return super().gate(x, logits, state)
