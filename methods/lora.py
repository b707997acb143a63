"""LoRA (Hu et al., arXiv 2106.09685): PEFT's own implementation, as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from peft import LoraConfig

from seesaw.methods.core.gated import PlainConfig
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Placement
from seesaw.methods.core.tuner import register_tuner
from seesaw.methods.registry import register

register_tuner(PlainConfig)


@register
@dataclass
class LoRAConfig(LoraConfig, MethodConfig):
    """y = W0 x + (lora_alpha / r) B A x; PEFT's config with the suite's arithmetic beside it."""

    name = "lora"
    title = "LoRA, PEFT's own"
    paper = "arXiv 2106.09685"
    merges = "yes"
    described = ("r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern")
    beside: ClassVar[type[PlainConfig]] = PlainConfig
    """What stands in where the update reads another module than it writes."""

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

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Any:
        """See `MethodConfig.placed`; PEFT's LoRA reads and writes one linear, so pairs are ours."""
        if placement.reads:
            plain = self.beside(r=self.r, alpha=self.lora_alpha, rank_pattern=self.rank_pattern)
            return plain.placed(placement, dropout, n_tasks)
        return self.replaced(target_modules=placement.linears, lora_dropout=dropout)

    def with_ranks(self, ranks: Mapping[str, int]) -> Self:
        """See `MethodConfig.with_ranks`."""
        return super().with_ranks(ranks).scaled(self.lora_alpha / self.r)
