"""MoLoRA, the token-routed mixture of LoRA experts that others compare with.

y = W0 x + (alpha / rank of an expert) sum_e g_e(x) B_e A_e x, g from softmax(Wg x), one router per
adapted linear (Zadouri et al., arXiv 2309.05444, dense; MoLA, arXiv 2402.08562, top-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from seesaw.methods.core.experts import ExpertsConfig, balance_loss, scattered, top_k
from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class MoLoRAConfig(ExpertsConfig):
    """Config of MoLoRA.

    Args:
        top_k: experts a token uses; 0 uses all of them.
        renormalise: whether the gates of the kept experts add up to one.
        balance: coefficient of the load-balancing loss, per adapted linear.
    """

    name = "molora"
    title = "MoLoRA: a token-routed mixture of LoRA experts"
    paper = "arXiv 2309.05444"
    routes_on = "token"
    options: ClassVar[tuple[str, ...]] = ("r", "experts", "top_k", "renormalise", "balance")
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, *options[1:])
    sizing: ClassVar[tuple[str, ...]] = ("r", "experts", "top_k")

    r: int = 64
    alpha: float = 16.0
    top_k: int = 2
    renormalise: bool = True
    balance: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.top_k <= self.experts:
            raise ValueError(
                f"top_k is {self.top_k}; it must be between 1 and experts = {self.experts}, "
                "or 0 for all of them"
            )

    @property
    def active_experts(self) -> int:
        """Experts a token uses."""
        return self.top_k or self.experts

    def mean_gate(self) -> float:
        """1 / k, or 1 / E where the kept gates keep their softmax over all."""
        return 1.0 / (self.active_experts if self.renormalise else self.experts)

    def router_rows(self, rank: int) -> int:
        """One logit per expert."""
        return self.experts

    def with_experts(self, experts: int) -> Self:
        """See `ExpertsConfig.with_experts`."""
        scale = self.alpha * self.unit() * self.mean_gate()
        kept = max(2, round(self.top_k / self.experts * experts)) if self.top_k else 0
        rank = experts * self.expert_rank
        return self.replaced(experts=experts, top_k=kept, r=rank, rank_pattern={}).scaled(scale)

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + E d_in."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        active = self.active_experts * (rank // self.experts)
        router = self.router_rows(rank) * d_in
        return Parameters(
            experts=rank * (d_in + d_out),
            active_experts=active * (d_in + d_out),
            router=router,
            active_router=router,
        )

    def build(self, place: str, d_in: int, d_out: int) -> MoLoRA:
        """See `GatedConfig.build`."""
        return MoLoRA(self, place, d_in, d_out)


class MoLoRA(Gated):
    """One place of MoLoRA."""

    config: MoLoRAConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Softmax, then the top k, then renormalised unless told otherwise; (..., E)."""
        assert logits is not None
        if not self.config.top_k:
            return torch.softmax(logits, dim=-1)
        kept = top_k(logits, self.config.top_k)
        if self.config.renormalise:  # the same as a softmax over the kept alone
            gates = torch.softmax(logits.gather(-1, kept), dim=-1)
        else:
            gates = torch.softmax(logits, dim=-1).gather(-1, kept)
        return scattered(gates, kept, logits)

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """Switch's balance loss."""
        if not self.config.balance or logits is None:
            return None
        return self.config.balance * balance_loss(logits, self.config.active_experts, state)
