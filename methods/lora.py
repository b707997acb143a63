"""LoRA (Hu et al., arXiv 2106.09685): PEFT's own implementation, as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from peft import LoraConfig

from methods.method import MethodConfig, Parameters
from methods.registry import register


@register
@dataclass
class LoRAConfig(LoraConfig, MethodConfig):
    """y = W0 x + (lora_alpha / r) B A x; PEFT's config with the suite's arithmetic beside it."""

    name = "lora"
    title = "LoRA, PEFT's own"
    paper = "arXiv 2106.09685"
    merges = "yes"
    described = ("r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern")

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        count = self.rank_at(place) * sum(shape)
        return Parameters(experts=count, active_experts=count)

    def resized(self, rank: int) -> Self:
        """alpha / r stays."""
        scale = self.lora_alpha / self.r
        return self.replaced(r=rank, rank_pattern={}).scaled(scale)

    def scaled(self, scale: float) -> Self:
        """alpha = scale r, at places of their own rank too: PEFT divides by the rank there."""
        pattern = {place: scale * rank for place, rank in (self.rank_pattern or {}).items()}
        return self.replaced(lora_alpha=scale * self.r, alpha_pattern=pattern)

    def placed(self, adapted: str, dropout: float, n_tasks: int) -> Self:
        """See `MethodConfig.placed`."""
        return self.replaced(target_modules=adapted, lora_dropout=dropout)

    def with_ranks(self, ranks: Mapping[str, int]) -> Self:
        """See `MethodConfig.with_ranks`."""
        return super().with_ranks(ranks).scaled(self.lora_alpha / self.r)
