"""How many parameters an adapter trains, by what they are, and how many a token uses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Trainable adapter parameters over all adapted places, and those one token uses.

    `active_experts` counts the expert parameters one token is multiplied with, `active_router` what
    every token reads to be routed: 0 where the gate is a table looked up by task.
    """

    experts: int
    active_experts: int
    router: int = 0
    active_router: int = 0
    task_embedding: int = 0

    @property
    def total(self) -> int:
        """Everything the budget counts."""
        return self.experts + self.router + self.task_embedding

    @property
    def active(self) -> int:
        """Parameters one token uses, router included."""
        return self.active_experts + self.active_router

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            *(getattr(self, f.name) + getattr(other, f.name) for f in dataclasses.fields(self))
        )
