"""Check a calibration against itself, and against the records of the runs that it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seesaw.suite.audit.numbers import RANGES, same
from seesaw.suite.audit.statement import COMMIT, provenance_problems
from seesaw.suite.records.calibration import HEADS, LORA, Calibration, CalibrationRun
from seesaw.suite.records.names import printable
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import dial_of, track_of

DIALLED = ("conflict0", "conflict1")
LEAST = 2
"""Runs of LoRA that anything can be computed from."""
ROUNDED = 1e-4
"""What rounding may take from the least eigenvalue of a covariance."""


def calibration_problems(own: Calibration, records: Iterable[Record]) -> list[str]:
    """What of a calibration cannot be, or is not what records of the same runs say."""
    found = [*_run_problems(own), *_number_problems(own), *_twin_problems(own, records)]
    return [printable(problem) for problem in [*found, *provenance_problems(own.provenance)]]


def _run_problems(own: Calibration) -> Iterator[str]:
    if (count := len(own.of("lora"))) < LEAST:
        yield f"{count} runs of lora ended ok; there must be {LEAST} or more"
    for (condition, seed), count in Counter((r.condition, r.seed) for r in own.runs).items():
        if count > 1:
            yield f"{condition} seed {seed} is there {count} times"
    methods = {"routed": own.method, "heads": HEADS}
    for run in own.runs:
        name, method = _named(run), methods.get(run.condition, LORA)
        if run.method != method:
            yield f"{name}: method is {run.method}, it must be {method}"
        if run.git_commit is not None and not COMMIT.fullmatch(run.git_commit):
            yield f"{name}: git_commit is {run.git_commit}; it must be 40 hex digits"
        yield from (f"{name}: {said}" for said in _ending_problems(own, run))


def _ending_problems(own: Calibration, run: CalibrationRun) -> Iterator[str]:
    if run.status != "ok":
        if run.scores or not run.error:
            yield f"status is {run.status}; it must have an error and no scores"
        return
    if run.id is None or run.error is not None:
        yield "status is ok; it must have an id and no error"
    if run.scores.keys() != own.tasks.keys():
        yield f"scores are of {', '.join(run.scores)}; they must be of {', '.join(own.tasks)}"
    for task, value in run.scores.items():
        if task in own.tasks and not _in_range(own, task, value):
            yield f"{task} is {value}, out of the range of {own.tasks[task].unit}"


def _in_range(own: Calibration, task: str, value: float) -> bool:
    unit = own.tasks[task].unit
    factor = 100 if unit == "points" else 1
    low, high = RANGES[unit]
    return low * factor <= value <= high * factor


def _number_problems(own: Calibration) -> Iterator[str]:
    for name, task in own.tasks.items():
        if not _in_range(own, name, task.constant):
            yield f"{name}: constant is {task.constant}, out of the range of {task.unit}"
    size = len(own.tasks)
    if [len(row) for row in own.item_covariance] != [size] * size:
        yield f"item_covariance is not {size} x {size}, a row and a column for every task"
        return
    table = np.array(own.item_covariance)
    if not np.allclose(table, table.T) or np.linalg.eigvalsh(table).min() < -ROUNDED:
        yield "item_covariance is no covariance: it must be symmetric, without negative variances"


def _twin_problems(own: Calibration, records: Iterable[Record]) -> Iterator[str]:
    """What differs from the records of the same specs; one attempt that agrees is enough."""
    wanted = {run.id for run in own.runs}
    twins: dict[str, list[Record]] = {}
    for record in records:
        if record.id in wanted and record.status == "ok":
            twins.setdefault(record.id, []).append(record)
    for run in own.runs:
        known = twins.get(run.id or "", []) if run.status == "ok" else []
        if not known:
            continue
        newest = max(known, key=lambda record: record.attempt)
        stated = {"track": _track(own, run, newest), "method": run.method, "seed": run.seed}
        known_as = {field: getattr(newest.spec, field) for field in stated}
        for said in _differences(stated, known_as):
            yield f"{_named(run)}: {said} in {newest.path}"
        if all(list(_differences(run.scores, record.scores())) for record in known):
            for said in _differences(run.scores, newest.scores()):
                yield f"{_named(run)}: {said} in {newest.path}"
        if run.condition == "lora":
            yield from _task_problems(own, newest)


def _track(own: Calibration, run: CalibrationRun, twin: Record) -> str:
    """The track of a run: that of the calibration, or with its dial turned where that was done."""
    if run.condition not in DIALLED or dial_of(twin.spec.track) is None:
        return own.track  # the dial of the track itself may stand there
    name = track_of(own.track)
    return f"{name}-{run.condition}{own.track.removeprefix(name)}"


def _task_problems(own: Calibration, record: Record) -> Iterator[str]:
    for name, task in own.tasks.items():
        if (known := record.tasks.get(name)) is None:
            continue
        fields = known.model_dump() | {"constant": known.shown(known.constant)}
        for said in _differences(task.model_dump(), fields):
            yield f"{name}: {said} in {record.path}"


def _differences(stated: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    for field, value in stated.items():
        other = known.get(field)
        alike = value == other
        if isinstance(value, float) and isinstance(other, float):
            alike = same(value, other)
        if not alike:
            yield f"{field} is {value}, but {other}"


def _named(run: CalibrationRun) -> str:
    return f"{run.condition} seed {run.seed}"


def unfit(own: Calibration, published: Sequence[Calibration]) -> str | None:
    """Why a calibration that is as it says is not published; None if it is to be."""
    if any(own.says_the_same(known) for known in published):
        return "it is published already"
    trees = [own.provenance.dirty, *(run.dirty for run in own.runs if run.id)]
    if any(dirty is not False for dirty in trees):
        return "made from a tree that is not a clean commit"
    return None
