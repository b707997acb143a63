"""Budgets side by side: what each method gets for the same number of parameters, and its cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from methods.method import MethodConfig, Parameters, Placement, Shapes
from suite.budget import BudgetError, solve
from suite.measure import saved_elements
from suite.plan import MethodRequest
from suite.record import variant


@dataclass(frozen=True)
class Place:
    """Where methods are compared: a backbone's linears, what is adapted, a number of tasks.

    `dense` says that every input carries all tasks, as in dense vision; a method that must be told
    the task then takes one pass of the backbone per task.
    """

    name: str
    linears: Shapes
    n_tasks: int
    placement: Placement = field(default_factory=lambda: Placement(".*"))
    dense: bool = False

    def shapes(self, config: MethodConfig) -> Shapes:
        """Where a method acts."""
        return config.places(self.placement, self.linears)

    def parameters(self, config: MethodConfig) -> Parameters:
        """Closed form of a method's parameters here."""
        return config.parameters(self.shapes(config), self.n_tasks)

    @cached_property
    def frozen(self) -> int:
        """Frozen weights of all linears."""
        return sum(d_in * d_out for d_in, d_out in self.linears.values())

    def passes(self, config: MethodConfig) -> int:
        """Passes of the backbone that one input takes."""
        return self.n_tasks if self.dense and config.told_task else 1

    def training_flops(self, config: MethodConfig, parameters: Parameters) -> int:
        """Operations per token of input, forward and backward, all passes; attention left out.

        4 for every frozen weight (forward, gradient of the input), 6 for every adapter's. Gates are
        dense: every expert is computed, and masked.
        """
        if not config.has_adapter:  # the weights themselves are trained, or none of them
            trained = parameters.experts
            return 4 * self.frozen + 2 * trained if trained else 2 * self.frozen
        adapter = 6 * (parameters.experts + parameters.active_router)
        return self.passes(config) * (4 * self.frozen + adapter)

    def inference_flops(self, config: MethodConfig, parameters: Parameters) -> int:
        """Operations per token of input with what can be merged merged."""
        adapter = parameters.experts + parameters.active_router if config.merges == "no" else 0
        if not config.has_adapter:
            adapter = 0
        return self.passes(config) * 2 * (self.frozen + adapter)

    def saved(self, config: MethodConfig) -> float:
        """Activation elements saved per token at one place in one pass, mean over places."""
        count = Counter(config.own_places(self.shapes(config)).values())
        found = sum(n * saved_elements(config, shape) for shape, n in count.items())
        return found / count.total()


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
    return place.parameters(_on(place, request)).total


def _on(place: Place, request: MethodRequest) -> MethodConfig:
    return request.config().placed(place.placement, 0.0, place.n_tasks)


def solved(place: Place, request: MethodRequest, target: int) -> MethodConfig:
    """A method filled to a budget.

    Raises:
        BudgetError: no size of it comes close.
    """
    config = _on(place, request)
    return solve(config, place.shapes(config), place.n_tasks, target)


def _reference(place: Place, target: int) -> tuple[int, int] | None:
    """LoRA's operations per token in training and in inference, if it can fill the budget."""
    try:
        lora = solved(place, MethodRequest("lora", {}), target)
    except BudgetError:
        return None
    parameters = place.parameters(lora)
    return place.training_flops(lora, parameters), place.inference_flops(lora, parameters)


def _row(
    place: Place, request: MethodRequest, target: int, reference: tuple[int, int] | None
) -> BudgetRow:
    name = variant(request.name, request.options)
    try:
        config = solved(place, request, target)
    except ValueError as error:
        return BudgetRow(place.name, target, name, {}, {}, None, problem=str(error))
    parameters = place.parameters(config)
    size = {field: getattr(config, field) for field in config.sizing}
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
