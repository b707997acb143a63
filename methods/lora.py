"""LoRA (Hu et al., arXiv 2106.09685): PEFT's own implementation, as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from peft import LoraConfig

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place, Placement
from seesaw.methods.core.plain import PlainConfig
from seesaw.methods.core.settings import setting
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
    beside: ClassVar[type[PlainConfig]] = PlainConfig
    """What stands in where the update reads another module than it writes."""

    r: int = setting(8, user=False, sized=True)
    lora_alpha: int = setting(8, user=False)
    lora_dropout: float = setting(0.0, user=False)
    rank_pattern: dict[str, int] | None = setting({}, user=False)
    alpha_pattern: dict[str, float] | None = setting({}, user=False)

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        count = self.rank_at(place) * sum(shape)
        return Parameters(experts=count, active_experts=count)

    @property
    def scale(self) -> float:
        """alpha over the rank, at every place."""
        return self.lora_alpha / self.r

    def scaled(self, scale: float) -> Self:
        """alpha = scale r, at places of their own rank too: PEFT divides by the rank there."""
        pattern = {place: scale * rank for place, rank in (self.rank_pattern or {}).items()}
        return self.replaced(lora_alpha=scale * self.r, alpha_pattern=pattern)

    def resized(self, rank: int) -> Self:
        """The scale stays."""
        return self.replaced(r=rank, rank_pattern={}).scaled(self.scale)

    def with_ranks(self, ranks: Mapping[Place, int]) -> Self:
        """The scale stays at these places too."""
        return super().with_ranks(ranks).scaled(self.scale)

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Any:
        """PEFT's LoRA reads and writes one linear; where pairs are asked for, ours stands in."""
        if placement.reads:
            plain = self.beside(r=self.r, alpha=self.lora_alpha, rank_pattern=self.rank_pattern)
            return plain.placed(placement, dropout, n_tasks)
        return self.replaced(target_modules=placement.linears, lora_dropout=dropout)
