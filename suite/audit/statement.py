"""What a record says of how its run went: curve, routing, cost, where it comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from seesaw.suite.records.record import MethodSource, Provenance, Record, RoutingStatistics
from seesaw.tasks.track import Track

COMMIT = re.compile(r"[0-9a-f]{40}")


def statement_problems(record: Record, track: Track) -> Iterator[str]:
    """What cannot be, whatever was run."""
    if record.cost is None or record.parameters is None:
        yield "parameters or cost are missing"
    if record.error is not None:
        yield "it ended ok and has an error"
    steps = [step for step, _ in record.loss_curve]
    if steps != sorted(set(steps)) or not all(0 < step <= record.steps for step in steps):
        yield f"loss_curve goes beyond {record.steps} steps or back"
    if record.forgetting and min(record.forgetting.before, record.forgetting.after) < 0:
        yield "forgetting has a loss below 0"
    for place, statistics in record.routing.items():
        yield from (
            f"routing at {place}: {said}"
            for said in _routing_problems(statistics, len(record.spec.tasks))
        )
    yield from provenance_problems(record.provenance)


def _routing_problems(own: RoutingStatistics, n_tasks: int) -> Iterator[str]:
    if not _shares(own.load, 1e-5):
        yield "load is no share by expert"
    for field in ("entropy", "dead"):
        if not 0 <= getattr(own, field) <= 1:
            yield f"{field} is {getattr(own, field)}, not within 0 and 1"
    if not 0 <= own.task_information <= math.log(n_tasks) + 1e-5:
        yield f"task_information is {own.task_information}, not within 0 and log of {n_tasks}"
    if len(own.by_task) > n_tasks or not all(
        len(row) == len(own.load) and _shares(row, 1e-4) for row in own.by_task
    ):
        yield "by_task holds no shares by expert"


def _shares(values: Sequence[float], rounding: float) -> bool:
    """Whether rounded values are shares that sum to 1."""
    within = all(0 <= value <= 1 for value in values)
    return within and abs(sum(values) - 1) <= rounding * max(1, len(values))


def provenance_problems(own: Provenance) -> Iterator[str]:
    """What of a provenance cannot be."""
    if own.git_commit is not None and not COMMIT.fullmatch(own.git_commit):
        yield f"git_commit is {own.git_commit}; it must be 40 hex digits"
    if (own.git_commit is None) != (own.dirty is None):
        yield f"dirty is {own.dirty} at git_commit {own.git_commit}"
    if "torch" not in own.packages:
        yield "packages do not say which torch"
    if own.threads < 1:
        yield f"threads are {own.threads}"
    if not _is_time(own.started):
        yield f"started is {own.started}; it must be a time such as 2026-01-31T12:00:00+00:00"
    if own.method is not None and not _known_source(own.method):
        yield f"method: sha256 is {own.method.sha256}; it must be 64 hex digits"


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _known_source(own: MethodSource) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", own.sha256) is not None
