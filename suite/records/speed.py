"""The record of one measurement of step times: one pydantic model."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import Field, PositiveInt

from seesaw.suite.records.names import MethodName, OptionName, OptionValue, PlaceName
from seesaw.suite.records.record import Provenance
from seesaw.suite.records.spec import variant
from seesaw.tasks.strict import StrictModel


class SpeedRecord(StrictModel):
    """Step times of a method, PEFT's LoRA of equal total rank and the frozen backbone.

    All three took turns in one process on the same batches: a step is forward, backward and
    optimiser. Ratios are medians over rounds, each round's step against the same round's.
    """

    schema_version: Literal[4] = 4
    kind: Literal["speed"] = "speed"
    attempt: PositiveInt
    track: PlaceName
    budget: PositiveInt
    method: MethodName
    options: dict[OptionName, OptionValue] = Field({})
    config: dict[str, Any]
    lora_config: dict[str, Any]
    rounds: int
    batch: list[int] = Field(description="examples, tokens with padding")
    step_s: float = Field(description="median")
    lora_step_s: float
    frozen_step_s: float
    ratio_to_lora: float
    ratio_to_frozen: float
    flops: int = Field(description="of the whole step, frozen part included, counted")
    lora_flops: int
    frozen_flops: int
    saved_per_token: float | None = Field(
        None, description="elements kept for backward at one place, beyond input and output"
    )
    saved_bytes: int | None = Field(None, description="kept for backward by the whole model")
    lora_saved_bytes: int | None = None
    frozen_saved_bytes: int | None = None
    peak_memory: int | None = Field(None, description="bytes of one step above what is held")
    lora_peak_memory: int | None = None
    references: dict[str, float] = Field({}, description="median seconds of other steps")
    provenance: Provenance

    @property
    def flops_ratio(self) -> float:
        """Operations of a step over those of a LoRA step."""
        return self.flops / self.lora_flops

    @property
    def overhead(self) -> float:
        """Time ratio to LoRA over the ratio of operations; 1 is all the arithmetic allows."""
        return self.ratio_to_lora / self.flops_ratio

    @property
    def floor(self) -> float:
        """Operations over the frozen backbone's: the time ratio if all ran at its speed."""
        return self.flops / self.frozen_flops

    def adapter_gain(self, reference: str) -> float:
        """How many times less than a reference the method adds to the frozen step."""
        return (self.references[reference] - self.frozen_step_s) / (
            self.step_s - self.frozen_step_s
        )

    @property
    def variant(self) -> str:
        """As in `Spec.variant`."""
        return variant(self.method, self.options)

    @property
    def folder(self) -> str:
        """As in `Spec.folder`."""
        return f"{self.track}/{self.budget}/{self.variant}"

    @property
    def prefix(self) -> str:
        """File name without attempt; measurements of one machine are attempts at one thing."""
        machine = hashlib.sha256(
            f"{self.provenance.machine}/{self.provenance.threads}".encode()
        ).hexdigest()
        return f"speed-{machine[:8]}"

    @property
    def path(self) -> str:
        """Where the record lives in a store, without suffix."""
        return f"{self.folder}/{self.prefix}-{self.attempt}"
