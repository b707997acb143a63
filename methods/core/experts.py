"""What mixtures of low-rank experts have in common: E experts of equal rank, some of them active.

The ranks of expert e are the rows e * r / E ... (e + 1) * r / E - 1 of D and columns of U.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.settings import setting

LEAST_EXPERT_RANK = 2
"""Under this rank the budget solver halves the experts instead."""


@dataclass
class ExpertsConfig(GatedConfig):
    """A config whose total rank `r` is shared out among `experts`."""

    experts: int = setting(8, sized=True)

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

    def with_experts(self, experts: int, **active: Any) -> Self:
        """This config with fewer experts of the same rank, at the same scale.

        Args:
            experts: how many.
            active: the method's fields that keep the active share.
        """
        rank = experts * self.expert_rank
        fewer = self.replaced(experts=experts, r=rank, rank_pattern={}, **active)
        return fewer.scaled(self.scale)

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
