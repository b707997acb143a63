"""Tracks of instructions that a language model answers."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from seesaw.tasks.track import Recipe, TextTrack, register


class InstructionRecipe(Recipe):
    """A recipe that says how prompts and answers are read, and how frozen weights are held."""

    max_length: PositiveInt = Field(description="tokens of a prompt and its answer")
    loss_on: Literal["answer", "all"] = "answer"
    checkpointing: bool = False
    base: Literal["fp32", "bf16", "nf4"] = "fp32"

    @model_validator(mode="after")
    def _half_on_half(self) -> Self:
        if self.base != "fp32" and self.precision != "bf16":
            raise ValueError(f"base {self.base} needs precision bf16, not {self.precision}")
        return self


@register("instructions")
class InstructionTrack(TextTrack):
    """Prompts that a language model answers."""

    recipe: InstructionRecipe
    family = "seesaw.tasks.families.language.family:InstructionFamily"
