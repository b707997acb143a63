"""LoRA on the gated primitive, for places where PEFT's own cannot stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from typing_extensions import override

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting


@dataclass
class PlainConfig(GatedConfig):
    """LoRA with the gate 1, recorded in the words of PEFT's LoRA."""

    name = "lora"
    title = "LoRA on the gated primitive"
    paper = "arXiv 2106.09685"
    peft_name = "SEESAW_LORA"

    alpha: float = setting(16.0, user=False, recorded_as="lora_alpha")
    dropout: float = setting(0.0, user=False, recorded_as="lora_dropout")

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        return self.lora_parameters(place, shape)

    def describe(self) -> dict[str, Any]:
        """alpha is one for all ranks here, so PEFT's pattern of it is empty."""
        return {**super().describe(), "alpha_pattern": {}}

    @classmethod
    @override
    def from_record(cls, config: Mapping[str, Any]) -> Self:
        own = dict(config)
        if own.pop("alpha_pattern", {}):
            raise ValueError(f"{cls.name} has one alpha for all ranks; alpha_pattern must be empty")
        return super().from_record(own)


class Plain(Gated, config=PlainConfig):
    """One place of LoRA: the gate is 1."""


def plain_beside(config: GatedConfig, place: Place, d_in: int, d_out: int) -> Gated:
    """The plain LoRA of the backbone beside one linear, at the scale `config` starts with."""
    plain = PlainConfig(r=config.backbone_rank, dropout=config.dropout)
    return plain.scaled(config.scale).build(place, d_in, d_out)
