"""What mixtures of low-rank experts have in common: E experts of equal rank, some of them active.

The ranks of expert e are the rows e * r / E ... (e + 1) * r / E - 1 of D and columns of U.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from seesaw.methods.core.gated import GatedConfig
from seesaw.methods.core.state import RoutingState

LEAST_EXPERT_RANK = 2
"""Under this rank the budget solver halves the experts instead."""


@dataclass
class ExpertsConfig(GatedConfig):
    """A config whose total rank `r` is shared out among `experts`."""

    experts: int = 8

    sizing: ClassVar[tuple[str, ...]] = ("r", "experts")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.experts < 1:
            raise ValueError(f"experts is {self.experts}; it must be at least 1")
        for rank in (self.r, *(self.rank_pattern or {}).values()):
            if rank % self.experts:
                raise ValueError(f"experts is {self.experts}; it must divide the rank {rank}")

    @property
    def expert_rank(self) -> int:
        """Nominal rank of one expert."""
        return self.r // self.experts

    def unit(self) -> float:
        """LoRA's 1 / rank, of one expert."""
        return 1.0 / self.expert_rank

    def rank_step(self) -> int:
        """All experts grow by one rank together."""
        return self.experts

    def with_experts(self, experts: int) -> Self:
        """This config with fewer experts, the active share kept, at least two of them active."""
        scale = self.alpha * self.unit() * self.mean_gate()
        return self.replaced(experts=experts, r=experts * self.expert_rank, rank_pattern={}).scaled(
            scale
        )

    def least_rank(self) -> int:
        """Experts of rank 2."""
        return LEAST_EXPERT_RANK * self.experts

    def ladders(self) -> Iterator[Iterator[Self]]:
        """With all experts; where that is too large, with half of them, down to two."""
        config = self
        yield config.sizes()
        while config.experts % 2 == 0 and config.experts >= 4:
            config = config.with_experts(config.experts // 2)
            yield config.sizes()


def top_k(scores: Tensor, k: int) -> Tensor:
    """Indices (..., k) of the k largest of `scores` (..., E), not differentiated."""
    return scores.detach().topk(k, dim=-1, sorted=False).indices


def scattered(values: Tensor, kept: Tensor, like: Tensor) -> Tensor:
    """`values` (..., k) at the indices `kept` of a row of zeros shaped like `like` (..., E)."""
    return torch.zeros_like(like, dtype=values.dtype).scatter(-1, kept, values)


def balance_loss(logits: Tensor, k: int, state: RoutingState) -> Tensor:
    """E * sum_e f_e p_e over valid tokens (Switch, arXiv 2101.03961, eq. 4); 1 when balanced.

    f_e is the share of the kept slots that expert e got, p_e its mean probability.

    Args:
        logits: of the router (..., E).
        k: experts kept per token.
        state: tells padding.
    """
    weights = state.weights(logits)
    weights = weights / weights.sum()
    kept = top_k(logits, k)
    mask = scattered(torch.ones_like(kept, dtype=weights.dtype), kept, logits)
    share = weights @ mask.flatten(0, -2) / k
    probability = weights @ torch.softmax(logits, dim=-1).flatten(0, -2)
    return logits.shape[-1] * (share * probability).sum()
