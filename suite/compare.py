"""Budgets side by side: what each method gets for the same number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from methods.method import Parameters
from suite.budget import BudgetError, solve
from suite.plan import MethodRequest, adapted_shapes
from suite.record import variant
from tasks import backbones
from tasks.track import Track


@dataclass(frozen=True)
class BudgetRow:
    """One method at one budget on one track's backbone; `problem` where it cannot fill it.

    `size` holds what the solver chose, `config` the whole resolved config.
    """

    track: str
    budget: int
    method: str
    size: dict[str, Any]
    config: dict[str, Any]
    parameters: Parameters | None
    problem: str | None = None

    @property
    def deviation(self) -> float | None:
        """Relative deviation from the budget."""
        return None if self.parameters is None else self.parameters.total / self.budget - 1


def compare_budgets(
    tracks: Sequence[tuple[Track, str | None]],
    requests: Sequence[MethodRequest],
    budget: int | None,
) -> list[BudgetRow]:
    """Solve every method at `budget`, or at the track's default and curve budgets.

    Args:
        tracks: each with the folder or hub id of its weights, None for the package.
    """
    rows = []
    for track, weights in tracks:
        folder = backbones.locate(track.backbone, weights)
        model = backbones.load_model(folder, meta=True)
        shapes = adapted_shapes(model, track.backbone.adapted)
        targets = [budget] if budget else [track.budgets.default, *track.budgets.curve]
        for target in targets:
            for request in requests:
                rows.append(_row(track, shapes, request, target))
    return rows


def _row(track: Track, shapes: Any, request: MethodRequest, target: int) -> BudgetRow:
    name, n_tasks = variant(request.name, request.options), len(track.tasks)
    try:
        config = solve(request.config(), shapes, n_tasks, target)
    except BudgetError as error:
        return BudgetRow(track.slug, target, name, {}, {}, None, str(error))
    parameters = config.parameters(shapes, n_tasks)
    size = {field: getattr(config, field) for field in config.sizing}
    return BudgetRow(track.slug, target, name, size, config.describe(), parameters)
