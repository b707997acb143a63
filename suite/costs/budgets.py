"""Budgets side by side: what each method gets for the same number of parameters, and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.suite.costs.setting import Setting
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.solver import BudgetError, solve
from seesaw.suite.records.spec import variant


@dataclass(frozen=True)
class BudgetRow:
    """One method at one budget; `problem` where it cannot fill it.

    `size` holds what the solver chose, `config` the whole resolved config. Ratios are those of
    operations per token to LoRA's at the same budget, `saved` is counted beyond input and output.
    """

    place: str
    budget: int
    method: str
    size: dict[str, Any]
    config: dict[str, Any]
    parameters: Parameters | None
    training_ratio: float | None = None
    inference_ratio: float | None = None
    passes: int = 1
    saved: float | None = None
    problem: str | None = None

    @property
    def deviation(self) -> float | None:
        """Relative deviation from the budget."""
        return None if self.parameters is None else self.parameters.total / self.budget - 1


def compare_budgets(
    places: Sequence[tuple[Setting, Sequence[int]]], requests: Sequence[MethodRequest]
) -> list[BudgetRow]:
    """Solve every method at every budget of every place."""
    rows = []
    for place, targets in places:
        for target in targets:
            reference = _reference(place, target)
            rows += [_row(place, request, target, reference) for request in requests]
    return rows


def like(place: Setting, request: MethodRequest) -> int:
    """The budget that is what a method takes as it is asked for, e.g. `lora[r=16]`."""
    return place.parameters(_on(place, request)).total


def _on(place: Setting, request: MethodRequest) -> MethodConfig:
    return request.config().placed(place.placement, 0.0, place.n_tasks)


def solved(place: Setting, request: MethodRequest, target: int) -> MethodConfig:
    """A method filled to a budget.

    Raises:
        BudgetError: no size of it comes close.
    """
    config = _on(place, request)
    return solve(config, place.shapes(config), place.n_tasks, target)


def _reference(place: Setting, target: int) -> tuple[int, int] | None:
    """LoRA's operations per token in training and in inference, if it can fill the budget."""
    try:
        lora = solved(place, MethodRequest("lora", {}), target)
    except BudgetError:
        return None
    parameters = place.parameters(lora)
    return place.training_flops(lora, parameters), place.inference_flops(lora, parameters)


def _row(
    place: Setting, request: MethodRequest, target: int, reference: tuple[int, int] | None
) -> BudgetRow:
    name = variant(request.name, request.options)
    try:
        config = solved(place, request, target)
    except ValueError as error:
        return BudgetRow(place.name, target, name, {}, {}, None, problem=str(error))
    parameters = place.parameters(config)
    size = {field: getattr(config, field) for field in config.sized_settings()}
    training, inference = reference or (None, None)
    return BudgetRow(
        place.name,
        target,
        name,
        size,
        config.describe(),
        parameters,
        training_ratio=training and place.training_flops(config, parameters) / training,
        inference_ratio=inference and place.inference_flops(config, parameters) / inference,
        passes=place.passes(config),
        saved=place.saved(config),
    )
