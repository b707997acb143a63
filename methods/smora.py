"""SMoRA (Zhao et al., arXiv 2501.15103): every rank of one LoRA is an expert.

y = W0 x + (alpha / k) B (g * A x): a token router scores all r ranks and keeps k of them. Load is
balanced by a bias on the scores that is moved after every step, not by a loss. The default gate is
that of the authors' code; the options give the paper's reading and the DeepSeek-V3 one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import torch
import torch.distributed as dist
from torch import Tensor, nn

from seesaw.methods.core.experts import scattered, top_k
from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.parameters import Parameters
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
    options: ClassVar[tuple[str, ...]] = (
        "r",
        "active",
        "part",
        "score",
        "bias_in_gate",
        "gate_sum",
        "balance_rate",
        "bias_trained",
    )
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, *options[1:])
    sizing: ClassVar[tuple[str, ...]] = ("r", "active")

    r: int = 64
    alpha: float = 16.0
    active: int = 8
    part: int = 1
    score: Literal["sigmoid", "softmax"] = "sigmoid"
    bias_in_gate: bool = True
    gate_sum: Literal["active", "one"] = "active"
    balance_rate: float = 1e-5
    bias_trained: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.score not in ("sigmoid", "softmax"):
            raise ValueError(f"score is {self.score!r}; it must be 'sigmoid' or 'softmax'")
        if self.gate_sum not in ("active", "one"):
            raise ValueError(f"gate_sum is {self.gate_sum!r}; it must be 'active' or 'one'")
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

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + (r / part) d_in; a token uses k of the r ranks."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        return Parameters(
            experts=rank * (d_in + d_out),
            active_experts=self.active * (d_in + d_out),
            router=self.router_rows(rank) * d_in + (rank if self.bias_trained else 0),
            active_router=self.router_rows(rank) * d_in,
        )

    def rank_step(self) -> int:
        """Ranks come and go in whole blocks."""
        return self.part

    def least_rank(self) -> int:
        """Two blocks, both active."""
        return 2 * self.part

    def resized(self, rank: int) -> Self:
        """k / r stays, with at least two active blocks."""
        blocks = max(2, round(self.active / self.r * rank / self.part))
        scale = self.alpha * self.unit() * self.mean_gate()
        return self.replaced(r=rank, active=blocks * self.part, rank_pattern={}).scaled(scale)

    def build(self, place: str, d_in: int, d_out: int) -> SMoRA:
        """See `GatedConfig.build`."""
        return SMoRA(self, place, d_in, d_out)


class SMoRA(Gated):
    """One place of SMoRA. The balancing bias (r,) is a buffer unless it is trained."""

    config: SMoRAConfig
    bias: Tensor
    counts: Tensor

    def __init__(self, config: SMoRAConfig, place: str, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        if config.bias_trained:
            self.bias = nn.Parameter(torch.zeros(self.rank))
        else:
            self.register_buffer("bias", torch.zeros(self.rank))
        self.register_buffer("counts", torch.zeros(self.rank), persistent=False)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Gate (..., r): zero off the top k, renormalised on them."""
        assert logits is not None
        if self.config.part > 1:
            logits = logits.repeat_interleave(self.config.part, dim=-1)
        sigmoid = self.config.score == "sigmoid"
        with torch.no_grad():
            kept = top_k(
                (torch.sigmoid(logits) if sigmoid else logits) + self.bias, self.config.active
            )
        if self.training and state.collecting:
            self.count(kept, state)
        values = logits.gather(-1, kept)
        if sigmoid:
            values = torch.sigmoid(values)
            if self.config.bias_in_gate:
                values = values + self.bias[kept]
            values = values / values.sum(-1, keepdim=True)
        else:
            values = torch.softmax(values, dim=-1)
        if self.config.gate_sum == "active":
            values = values * self.config.active
        return scattered(values, kept, logits)

    def count(self, kept: Tensor, state: RoutingState) -> None:
        """Add this batch's selections (..., k) of valid tokens to the counts of the step."""
        weights = state.weights(kept).to(self.counts.dtype).unsqueeze(-1).expand(-1, kept.shape[-1])
        self.counts.scatter_add_(0, kept.flatten(), weights.flatten())

    def after_step(self) -> None:
        """b_i += u sign(mean(c) - c_i), counts summed over processes."""
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(self.counts)
        with torch.no_grad():
            step = torch.sign(self.counts.mean() - self.counts)
            self.bias.add_(self.config.balance_rate * step)
        self.counts.zero_()
