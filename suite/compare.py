"""Budgets side by side: what each method gets for the same number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from methods.method import MethodConfig, Parameters, Shapes
from suite.budget import BudgetError, solve
from suite.plan import MethodRequest
from suite.record import variant


@dataclass(frozen=True)
class Place:
    """Where methods are compared: a backbone's adapted linears and a number of tasks."""

    name: str
    shapes: Shapes
    n_tasks: int

    def flops(self, parameters: Parameters) -> int:
        """Training operations per token: 4 for every frozen weight, 6 for every adapter's.

        Gates are dense: every expert is computed, and masked. Attention is left out.
        """
        frozen = sum(d_in * d_out for d_in, d_out in self.shapes.values())
        return 4 * frozen + 6 * (parameters.experts + parameters.active_router)


@dataclass(frozen=True)
class BudgetRow:
    """One method at one budget; `problem` where it cannot fill it.

    `size` holds what the solver chose, `config` the whole resolved config. `flops_ratio` is that of
    training operations per token to LoRA's at the same budget.
    """

    place: str
    budget: int
    method: str
    size: dict[str, Any]
    config: dict[str, Any]
    parameters: Parameters | None
    flops_ratio: float | None = None
    problem: str | None = None

    @property
    def deviation(self) -> float | None:
        """Relative deviation from the budget."""
        return None if self.parameters is None else self.parameters.total / self.budget - 1


def compare_budgets(
    places: Sequence[tuple[Place, Sequence[int]]], requests: Sequence[MethodRequest]
) -> list[BudgetRow]:
    """Solve every method at every budget of every place."""
    rows = []
    for place, targets in places:
        for target in targets:
            reference = _reference(place, target)
            rows += [_row(place, request, target, reference) for request in requests]
    return rows


def like(place: Place, request: MethodRequest) -> int:
    """The budget that is what a method takes as it is asked for, e.g. `lora[r=16]`."""
    return _on(place, request).parameters(place.shapes, place.n_tasks).total


def _on(place: Place, request: MethodRequest) -> MethodConfig:
    return request.config().placed(".*", 0.0, place.n_tasks)


def _reference(place: Place, target: int) -> int | None:
    try:
        lora = solve(_on(place, MethodRequest("lora", {})), place.shapes, place.n_tasks, target)
    except BudgetError:
        return None
    return place.flops(lora.parameters(place.shapes, place.n_tasks))


def _row(place: Place, request: MethodRequest, target: int, reference: int | None) -> BudgetRow:
    name = variant(request.name, request.options)
    try:
        config = solve(_on(place, request), place.shapes, place.n_tasks, target)
    except BudgetError as error:
        return BudgetRow(place.name, target, name, {}, {}, None, problem=str(error))
    parameters = config.parameters(place.shapes, place.n_tasks)
    ratio = place.flops(parameters) / reference if reference else None
    size = {field: getattr(config, field) for field in config.sizing}
    return BudgetRow(place.name, target, name, size, config.describe(), parameters, ratio)
