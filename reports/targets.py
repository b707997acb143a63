"""What a track must be to tell methods apart, and by how much one misses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seesaw.reports.calibration import Calibrated, Row, Sensitivity

DISTANCE = 10.0
"""Points between a score and the constant answer, or the ceiling."""
PART = 6
"""Or the sixth part of what lies between those two, if that is less."""
TASK_SD = 2.5
"""Points; of other units as many hundredths of what lies between constant answer and ceiling."""
AVERAGE_SD = 1.0
DETECTABLE = 1.0


@dataclass(frozen=True)
class Target:
    """One target: whether it is met, and what comes closest to missing it or by how much it is."""

    what: str
    met: bool
    said: str


def targets(found: Calibrated) -> list[Target]:
    """All targets of a track."""
    rows, average = found.rows, found.average
    sds = {row.name: _sd_limit(row) - (row.lora.sd or 0.0) for row in rows}
    return [
        _distance("constant answer", {row.name: (row.from_constant, row) for row in rows}),
        _distance("ceiling", {row.name: (row.from_ceiling, row) for row in rows}),
        _target(f"seed deviation of a task at most {TASK_SD}", sds),
        _target(
            f"seed deviation of the {average.name} at most {AVERAGE_SD}",
            {average.name: AVERAGE_SD - (average.lora.sd or 0.0)},
        ),
        _target(
            f"detectable difference of the {average.name} at most {DETECTABLE}",
            {average.name: None if average.detectable is None else DETECTABLE - average.detectable},
        ),
        *map(_seen, found.sensitivities),
    ]


def _distance(end: str, distances: Mapping[str, tuple[float | None, Row]]) -> Target:
    asked = {name: (own or 0.0) - _asked(row) for name, (own, row) in distances.items()}
    return _target(f"every task {DISTANCE:g} points or a sixth of its range from the {end}", asked)


def _asked(row: Row) -> float:
    part = _span(row) / PART
    return min(DISTANCE, part) if _in_points(row) else part


def _sd_limit(row: Row) -> float:
    return TASK_SD if _in_points(row) else TASK_SD / 100 * _span(row)


def _span(row: Row) -> float:
    assert row.ceiling is not None
    assert row.constant is not None  # tasks have both
    return abs(row.ceiling - row.constant)


def _in_points(row: Row) -> bool:
    return row.unit == "points"


def _target(what: str, margins: Mapping[str, float | None]) -> Target:
    """A target for each of some margins: what is left of them, below 0 if it is missed."""
    unknown = [name for name, margin in margins.items() if margin is None]
    if unknown:
        return Target(what, False, f"{', '.join(unknown)}: too few runs ended well")
    known = {name: margin for name, margin in margins.items() if margin is not None}
    if missed := {name: margin for name, margin in known.items() if margin < 0}:
        return Target(what, False, ", ".join(f"{n} by {-m:.2f}" for n, m in missed.items()))
    least = min(known, key=lambda name: known[name])
    return Target(what, True, f"{least} has {known[least]:.2f} to spare")


def _seen(own: Sensitivity) -> Target:
    what = f"sees {own.name}"
    if own.average is None:
        return Target(what, False, "too few runs ended well")
    return Target(what, own.seen, f"{own.average.signed} over {own.average.seeds} seeds")
