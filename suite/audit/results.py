"""What a record says was trained and scored: counts, sizes, baselines, units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from seesaw.methods.core.method import MethodConfig
from seesaw.suite.audit.numbers import RANGES, same
from seesaw.suite.audit.reference import Counts, Reference
from seesaw.suite.plan.solver import ABOVE, BELOW
from seesaw.suite.records.record import Record, TaskResult
from seesaw.tasks.families.scoring import Scores
from seesaw.tasks.task import Task

WORDS = 0.005
"""By how much a linear model on words may score otherwise: its last digits hang on the machine."""
CONSTANT = 1e-6
"""By how much the best constant may: normals are floats, and a CPU rounds them its way."""


def count_problems(record: Record, reference: Reference, config: MethodConfig) -> Iterator[str]:
    """Parameters, budget, passes and steps against the method, built anew."""
    stored = record.parameters
    if stored is None or record.cost is None:
        yield "parameters or cost are missing"
        return
    counts = reference.counts(config)
    for kind in ("experts", "router", "task_embedding"):
        own, built, claimed = (
            getattr(stored, kind), counts.trained[kind], getattr(counts.claimed, kind)
        )  # fmt: skip
        if not own == built == claimed:
            yield f"{kind} parameters: stored {own:,}, built {built:,}, closed form {claimed:,}"
    expected = {"adapter": counts.claimed.total, "active": counts.claimed.active}
    expected |= {} if counts.head is None else {"head": counts.head}
    for kind, number in expected.items():
        if getattr(stored, kind) != number:
            yield f"{kind} parameters: stored {getattr(stored, kind):,}, counted {number:,}"
    if counts.passes not in (None, record.cost.passes):
        yield f"passes are {record.cost.passes}, of the method here {counts.passes}"
    yield from _budget_problems(record, config)
    yield from _step_problems(record, counts)


def _budget_problems(record: Record, config: MethodConfig) -> Iterator[str]:
    assert record.parameters is not None
    if not config.under_budget:
        return
    spec, counts = record.spec, record.parameters
    active = spec.budget_kind == "active"
    share = spec.budget * config.budget_share(len(spec.tasks))
    filled, free = counts.active if active else counts.adapter, config.fixed_size
    if filled > (1 + ABOVE) * share or not (free or filled >= (1 - BELOW) * share):
        what = "active parameters" if active else "adapter parameters"
        yield f"{filled:,} {what} are not within a budget of {share:,}"


def _step_problems(record: Record, counts: Counts) -> Iterator[str]:
    recipe, assumed = record.spec.recipe, record.parameters.head if record.parameters else 0
    head = assumed if counts.head is None else counts.head
    steps = recipe.get("steps", 0) if counts.claimed.total + head else 0
    if record.steps != steps:
        yield f"steps are {record.steps}, by the recipe {steps}"
    examples = steps * recipe.get("batch_size", 0)
    if record.examples != examples:
        yield f"examples are {record.examples}, by the recipe {examples}"
    if bool(record.tokens) != bool(steps):
        yield f"tokens are {record.tokens} in {steps} steps"


def result_problems(record: Record, reference: Reference) -> Iterator[str]:
    """Tasks, metrics, sizes, units and baselines against the data; a trial has dev alone."""
    splits = record.spec.splits
    for name in record.spec.tasks:
        if name not in record.tasks:
            yield f"tasks: {name} is missing"
    for name, result in record.tasks.items():
        if name not in record.spec.tasks:
            yield f"tasks: {name} is none of the spec's"
        if not _in_range(result, splits):
            yield f"{name}: {result.primary} is missing or out of range"
    if reference.family is None:
        return
    for index, task in enumerate(reference.family.tasks):
        if task.name in record.tasks:
            n = reference.family.data.examples(index, "test")
            trivial = reference.trivial[index] if "test" in splits else {"constant": {}}
            yield from _task_problems(record.tasks[task.name], task, n, trivial, splits)


def _in_range(result: TaskResult, splits: Sequence[str]) -> bool:
    low, high = RANGES[result.unit]
    values = [part.get(result.primary, math.nan) for part in _scores(result, splits)]
    return all(low <= value <= high for value in values)


def _scores(result: TaskResult, splits: Sequence[str]) -> list[dict[str, float]]:
    return [getattr(result, split) for split in splits]


def _task_problems(
    result: TaskResult, task: Task, n: int, trivial: Scores, splits: Sequence[str]
) -> Iterator[str]:
    stated = {
        "n": (result.n, n),
        "primary": (result.primary, task.metrics[0]),
        "unit": (result.unit, task.unit),
        "lower_is_better": (result.lower_is_better, task.lower_is_better),
    }
    for field, (stored, own) in stated.items():
        if stored != own:
            yield f"{task.name}: {field} is {stored}, it must be {own}"
    if result.test and "test" not in splits:
        yield f"{task.name}: a trial has scores on test"
    for split in splits:
        if set(getattr(result, split)) != set(task.metrics):
            yield (
                f"{task.name} {split}: metrics are {', '.join(getattr(result, split)) or 'none'}; "
                f"they must be {', '.join(task.metrics)}"
            )
    for kind, tolerance in (("constant", CONSTANT), ("bag_of_words", WORDS)):
        stored, own = getattr(result, kind), trivial.get(kind, {})
        yield from _baseline_problems(f"{task.name} {kind}", stored, own, tolerance)


def _baseline_problems(
    what: str, stored: Mapping[str, float], own: Mapping[str, float], tolerance: float
) -> Iterator[str]:
    if stored.keys() != own.keys():
        yield f"{what}: stored {', '.join(stored) or 'nothing'}, it must be {', '.join(own) or '-'}"
        return
    for metric, value in own.items():
        if not same(stored[metric], value, tolerance):
            yield f"{what} {metric}: stored {stored[metric]}, recomputed {value}"
