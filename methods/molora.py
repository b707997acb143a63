"""MoLoRA, the token-routed mixture of LoRA experts that others compare with.

y = W0 x + (alpha / rank of an expert) sum_e g_e(x) B_e A_e x, g from softmax(Wg x), one router per
adapted linear (Zadouri et al., arXiv 2309.05444, dense; MoLA, arXiv 2402.08562, top-2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from seesaw.methods.core.experts import ExpertsConfig, scattered, top_k
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.losses import balance_loss
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting
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

    r: int = 64
    alpha: float = 16.0
    top_k: int = setting(2, sized=True)
    renormalise: bool = setting(True)
    balance: float = setting(0.0)

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

    def with_experts(self, experts: int, **active: Any) -> Self:
        """k / E stays, with at least two active."""
        kept = max(2, round(self.top_k / self.experts * experts)) if self.top_k else 0
        return super().with_experts(experts, top_k=kept, **active)

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + E d_in; a token uses k experts and the whole router."""
        active = self.active_experts * (self.rank_at(place) // self.experts)
        router = self.experts * shape[0]
        routed = Parameters(router=router, active_router=router)
        return self.lora_parameters(place, shape, active) + routed


class MoLoRA(Gated, config=MoLoRAConfig):
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
