"""What a budget says: how many trained parameters, and which of them count."""

from __future__ import annotations

from dataclasses import dataclass

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place, Shapes
from seesaw.suite.records.spec import BudgetKind
from seesaw.tasks.track import Track

ACTIVE_SHARE = 4
"""The part of a track's own budget that is its budget of active parameters."""


@dataclass(frozen=True)
class Budget:
    """So many trained adapter parameters, None for as many as the track says."""

    parameters: int | None = None
    kind: BudgetKind = "total"

    def on(self, track: Track) -> int:
        """The number, on one track."""
        own = track.budgets.default
        return self.parameters or (own if self.kind == "total" else own // ACTIVE_SHARE)


@dataclass(frozen=True)
class Count:
    """How much of a budget a method takes, at some places and for some tasks."""

    shapes: Shapes
    n_tasks: int
    kind: BudgetKind = "total"

    def of(self, config: MethodConfig) -> int:
        """All of it."""
        return self._own(config.parameters(self.shapes, self.n_tasks))

    def at(self, place: Place, config: MethodConfig) -> int:
        """At one place."""
        return self._own(config.place_parameters(place, self.shapes[place], self.n_tasks))

    def _own(self, parameters: Parameters) -> int:
        return parameters.total if self.kind == "total" else parameters.active
