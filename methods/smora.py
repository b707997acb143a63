"""SMoRA (Zhao et al., arXiv 2501.15103): every rank of one LoRA is an expert.

y = W0 x + (alpha / k) B (g * A x): a token router scores all r ranks and keeps k of them. Load is
balanced by a bias on the scores, not by a loss. The default gate is that of the authors' code; the
options give the paper's reading and the DeepSeek-V3 one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import torch
from torch import Tensor

from seesaw.methods.core.balancing import BiasBalanced
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.experts import scattered
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class SMoRAConfig(GatedConfig):
    """Config of SMoRA.

    Args:
        active: k, the ranks a token uses; also what alpha is divided by.
        part: ranks that share one router score (`rank_partition`); 1 makes every rank an expert.
        score: "sigmoid" (code) or "softmax" over the kept ranks (as the paper is summarised).
        bias_in_gate: whether the balancing bias is part of the gate's value (code) or only of
            the selection (DeepSeek-V3). Sigmoid scores only.
        gate_sum: what a token's gates add up to: "active" (code) or "one".
        balance_rate: u, the step of the balancing bias per optimiser step.
        bias_trained: also let the bias receive gradients, as it does in the authors' code.
    """

    name = "smora"
    title = "SMoRA: each rank is an expert"
    paper = "arXiv 2501.15103"
    routes_on = "token"

    r: int = 64
    alpha: float = 16.0
    active: int = setting(8, sized=True)
    part: int = setting(1)
    score: Literal["sigmoid", "softmax"] = setting("sigmoid")
    bias_in_gate: bool = setting(True)
    gate_sum: Literal["active", "one"] = setting("active")
    balance_rate: float = setting(1e-5, tuned=(1e-6, 1e-4))
    bias_trained: bool = setting(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for rank in (self.r, *(self.rank_pattern or {}).values()):
            if not 1 <= self.active <= rank:
                raise ValueError(f"active is {self.active}; it must be between 1 and r = {rank}")
            if self.part < 1 or rank % self.part:
                raise ValueError(f"part is {self.part}; it must divide the rank {rank}")

    def unit(self) -> float:
        """1 / k."""
        return 1.0 / self.active

    def mean_gate(self) -> float:
        """1, or 1 / k where the gates of a token add up to one."""
        return 1.0 if self.gate_sum == "active" else 1.0 / self.active

    def router_rows(self, rank: int) -> int:
        """One score per block of `part` ranks."""
        return rank // self.part

    def rank_step(self) -> int:
        """Ranks come and go in whole blocks."""
        return self.part

    def least_rank(self) -> int:
        """Two blocks, both active."""
        return 2 * self.part

    def resized(self, rank: int) -> Self:
        """k / r stays, with at least two active blocks."""
        active = self.part * max(2, round(self.active / self.r * rank / self.part))
        return self.replaced(r=rank, active=active, rank_pattern={}).scaled(self.scale)

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + (r / part) d_in; a token uses k of the r ranks."""
        rank = self.rank_at(place)
        router, bias = self.router_rows(rank) * shape[0], rank if self.bias_trained else 0
        routing = Parameters(router=router + bias, active_router=router)
        return self.lora_parameters(place, shape, self.active) + routing


class SMoRA(BiasBalanced, config=SMoRAConfig):
    """One place of SMoRA."""

    config: SMoRAConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Gate (..., r): zero off the top k, renormalised on them."""
        assert logits is not None
        config, sigmoid = self.config, self.config.score == "sigmoid"
        if config.part > 1:
            logits = logits.repeat_interleave(config.part, dim=-1)
        with torch.no_grad():
            scores = torch.sigmoid(logits) if sigmoid else logits
            kept = self.select(scores, config.active, state)
        if sigmoid:
            values = torch.sigmoid(logits.gather(-1, kept))
            if config.bias_in_gate:
                values = values + self.bias[kept]
            values = values / values.sum(-1, keepdim=True)
        else:
            values = torch.softmax(logits.gather(-1, kept), dim=-1)
        gates = values * config.active if config.gate_sum == "active" else values
        return scattered(gates, kept, logits)
