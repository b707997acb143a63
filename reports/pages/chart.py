"""What the chart of a board can hold on its axes, and every entry's place on each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from seesaw.reports.board import SEEDS_FOR_RANKS, Entry
from seesaw.reports.drawing.board import COSTS
from seesaw.reports.drawing.style import FAMILIES, look
from seesaw.reports.intervals import Interval
from seesaw.reports.judgement import Judgement
from seesaw.suite.records.names import printable

DIGITS = 5
"""Significant ones, of a place on an axis."""
GIB = 2**30


@dataclass(frozen=True)
class Axis:
    """A title, which way is better, and where an entry stands, with its interval if it has one."""

    title: str
    better: Literal["more", "less"]
    value: Callable[[Entry], Interval | float | None]


def axes(judged: Judgement) -> Mapping[str, Axis]:
    """By name; costs first, then scores."""
    board = judged.board
    whole = "average, points" if board.has_average else "Δm, percent"
    found = {
        f"cost{n}": Axis(title, "less", value)
        for n, (title, value) in enumerate({**COSTS, "peak memory, GiB": _memory}.items())
    }
    found["whole"] = Axis(whole, "more", judged.interval)
    if board.reference is not None and board.has_average:
        found["delta_m"] = Axis("Δm, percent", "more", judged.delta_m)
    for n, (name, task) in enumerate(board.example.tasks.items()):
        title = f"{printable(name)}, {task.primary}"
        found[f"task{n}"] = Axis(
            title, "less" if task.lower_is_better else "more", _of_task(judged, name)
        )
    return found


def places(judged: Judgement) -> list[dict[str, Any]]:
    """Every entry of a board, ready for JSON: its look, what it is filtered by, its values."""
    own = axes(judged)
    return [
        {
            "name": printable(entry.name),
            "family": FAMILIES[look(entry).family][1],
            "shape": look(entry).shape,
            "block": "told" if entry.told_task else "not",
            "complete": len(entry.seeds) >= SEEDS_FOR_RANKS,
            "values": {name: _short(axis.value(entry)) for name, axis in own.items()},
        }
        for entry in judged.board.entries
    ]


def _of_task(judged: Judgement, name: str) -> Callable[[Entry], Interval | float | None]:
    def value(entry: Entry) -> Interval | float | None:
        quantity = judged.evidence.tasks(entry)[name]
        return Interval.of(quantity) or quantity.mean

    return value


def _memory(entry: Entry) -> float | None:
    costs = [record.cost.peak_memory for record in entry.records if record.cost is not None]
    return median(costs) / GIB if costs else None


def _short(found: Interval | float | None) -> list[float] | float | None:
    """Mean, low and high; one number where there is no interval."""
    if found is None:
        return None
    if isinstance(found, Interval):
        return [_rounded(value) for value in (found.mean, found.low, found.high)]
    return _rounded(found)


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
