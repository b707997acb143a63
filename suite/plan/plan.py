"""From a request (methods, track, budget, seeds) to the runs it means, without training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seesaw.methods.core.method import MethodConfig
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Spec


@dataclass(frozen=True)
class Plan:
    """One run: what it is, and all it needs."""

    workload: Workload
    config: MethodConfig
    spec: Spec

    @property
    def parameters(self) -> Any:
        """Closed-form parameter counts."""
        return self.config.parameters(self.workload.places(self.config), len(self.workload.tasks))


def make_plans(
    workload: Workload, methods: Sequence[MethodRequest], budget: int | None, seeds: Sequence[int]
) -> list[Plan]:
    """Every run of the request on one track, methods outermost."""
    target = budget or workload.track.budgets.default
    plans = []
    for request in methods:
        config = workload.config(request, target)
        for seed in seeds:
            plans.append(Plan(workload, config, workload.spec(request, config, target, seed)))
    return plans
