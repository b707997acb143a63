"""A board in pictures: averages, gains over LoRA, what each task gains, costs, the profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seesaw.reports.board import FROZEN, Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.drawing.style import (
    NARROW,
    POINTS,
    VERDICTS,
    WIDE,
    Look,
    look,
    panels,
    said,
    styled,
)
from seesaw.reports.intervals import Interval
from seesaw.reports.judgement import LORA, Judgement
from seesaw.reports.robust import THRESHOLDS, profile
from seesaw.reports.statistics import MARGIN
from seesaw.reports.verdict_table import SIGNS
from seesaw.suite.records.names import printable

MOST = 20
"""A figure shows this many entries of a board, the best first."""
LONGEST = 28
"""Letters of an entry's name."""
COSTS: Mapping[str, Callable[[Entry], float | None]] = {
    "active parameters": lambda entry: _active(entry),
    "training operations per example": lambda entry: _operations(entry),
    "step time / LoRA's": lambda entry: entry.step_ratio,
}
"""What a score is held against."""


def shown(judged: Judgement) -> list[tuple[Entry, Interval]]:
    """Entries with an interval, the best first."""
    known = [(entry, judged.interval(entry)) for entry in judged.board.entries]
    found = [(entry, own) for entry, own in known if own is not None]
    return sorted(found, key=lambda pair: (-pair[1].mean, pair[0].name))[:MOST]


def name_of(entry: Entry) -> str:
    """As it stands in a figure: no control characters, no formulas, not too long."""
    name = printable(entry.name).replace("$", r"\$")
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def intervals(judged: Judgement) -> Figure | None:
    """Overall scores with their intervals, and what is gained over LoRA; None without any."""
    found = shown(judged)
    if not found:
        return None
    against = judged.against.get("LoRA", {})
    figure, axes = panels(WIDE if against else NARROW, _height(len(found)), 2 if against else 1)
    with styled():
        _averages(axes[0], judged, found)
        if against:
            _gains(axes[1], judged, [(entry, against.get(entry.key)) for entry, _ in found])
        figure.suptitle(_title(judged.board))
    said(figure, f"bars: 95 % intervals, seeds and items; ticks: {_seeds(found)} seeds; line: LoRA")
    return figure


def _averages(axes: Axes, judged: Judgement, found: Sequence[tuple[Entry, Interval]]) -> None:
    for place, (entry, interval) in enumerate(found):
        own = judged.evidence.overall(entry)
        seeds = list(own.values.values()) if own else []
        axes.plot(seeds, [place] * len(seeds), "|", color="0.55", markersize=5, zorder=1)
        _interval(axes, place, interval, look(entry).colour, look(entry).marker)
    lora = next((own for entry, own in found if entry.name == LORA), None)
    if lora is not None:
        axes.axvline(lora.mean, color="0.4", linewidth=0.6, zorder=0)
    _rows(axes, found)
    axes.set_yticks(range(len(found)), [name_of(entry) for entry, _ in found])
    axes.set_xlabel(_overall(judged.board))


def _gains(axes: Axes, judged: Judgement, found: Sequence[tuple[Entry, Comparison | None]]) -> None:
    axes.axvspan(-MARGIN, MARGIN, color="0.92", zorder=0)
    axes.axvline(0, color="0.4", linewidth=0.6, zorder=0)
    for place, (_, own) in enumerate(found):
        if own is not None:
            _interval(axes, place, own.gain, VERDICTS[own.verdict], "|")
    _rows(axes, [(entry, None if own is None else own.gain) for entry, own in found])
    axes.yaxis.tick_right()
    signs = ["" if own is None else SIGNS[own.verdict] for _, own in found]
    axes.set_yticks(range(len(found)), signs)
    for label, (_, own) in zip(axes.get_yticklabels(), found, strict=True):
        label.set_color("black" if own is None else VERDICTS[own.verdict])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"gain over LoRA, {'points' if judged.board.has_average else 'percent'}")


def seesaw(judged: Judgement) -> Figure | None:
    """Task by entry: the gain over a LoRA for that task alone, sure ones marked; None without."""
    rows = [(entry, judged.seesaw(entry)) for entry, _ in shown(judged)]
    rows = [(entry, own) for entry, own in rows if own]
    if not rows:
        return None
    tasks = list(judged.board.tasks)
    table = np.full((len(rows), len(tasks)), np.nan)
    marks = np.full(table.shape, "", dtype=object)
    for place, (_, own) in enumerate(rows):
        for column, task in enumerate(tasks):
            if task in own:
                table[place, column] = own[task].gain.mean
                sign = {"better": " ▲", "worse": " ▼"}.get(own[task].verdict, "")
                marks[place, column] = f"{own[task].gain.mean:+.1f}{sign}"
    usual = [place for place, (entry, _) in enumerate(rows) if entry.name != FROZEN]
    most = float(np.nanmax(np.abs(table[usual or slice(None)]))) or 1.0
    figure, (axes,) = panels(WIDE, 0.5 + _height(len(rows)))
    with styled():
        sns.heatmap(
            table, ax=axes, annot=marks, fmt="", cmap="PuOr_r", center=0, vmin=-most, vmax=most,
            annot_kws={"fontsize": 6}, linewidths=0.5, cbar_kws={"label": "gain"},
            xticklabels=[printable(task) for task in tasks],
            yticklabels=[name_of(entry) for entry, _ in rows],
        )  # fmt: skip
        axes.set_title(f"{_title(judged.board)}: gain over a LoRA for the task alone")
    said(figure, "▲ ▼: surely better or worse (95 %, all tasks of an entry together)")
    return figure


def costs(judged: Judgement) -> Figure | None:
    """The overall score against what an entry costs, and the front that nothing beats."""
    found = [(entry, own) for entry, own in shown(judged) if entry.name != FROZEN]
    known = {
        title: [(value, own, entry) for entry, own in found if (value := cost(entry)) is not None]
        for title, cost in COSTS.items()
    }
    known = {title: points for title, points in known.items() if len(points) > 1}
    if not known:
        return None
    figure, axes = panels(WIDE, 2.9, len(known))
    with styled():
        for ax, (title, points) in zip(axes, known.items(), strict=True):
            for value, own, entry in points:
                _point(ax, value, own, look(entry))
            front = pareto([(value, own.mean) for value, own, _ in points])
            ax.step(*zip(*front, strict=True), where="post", color="0.7", zorder=0)
            ax.set(xlabel=title, ylabel=_overall(judged.board) if ax is axes[0] else "")
            if max(p[0] for p in points) > 20 * min(p[0] for p in points) > 0:
                ax.set_xscale("log")
        for entry, _ in found:
            drawn = look(entry)
            axes[0].plot([], [], drawn.marker, color=drawn.colour, label=name_of(entry))
        figure.legend(loc="outside right center", frameon=False)
        figure.suptitle(_title(judged.board))
    said(
        figure,
        f"bars: 95 % intervals, {_seeds(found)} seeds; grey: no entry is better and cheaper",
    )
    return figure


def pareto(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of points (cost, score), those that no other one beats in both, by cost."""
    front: list[tuple[float, float]] = []
    for cost, score in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or score > front[-1][1]:
            front.append((cost, score))
    return front


def profiles(judged: Judgement) -> Figure | None:
    """The share of scores, over tasks and seeds, above every threshold."""
    found = shown(judged)
    if not judged.board.has_average or not found:
        return None
    figure, (axes,) = panels(WIDE, 2.6)
    with styled():
        for entry, _ in found:
            own = look(entry)
            share = profile(entry, THRESHOLDS)
            axes.plot(
                THRESHOLDS, share, color=own.colour, marker=own.marker, markersize=3, markevery=4,
                label=name_of(entry),
            )  # fmt: skip
        axes.set(xlabel="score, points", ylabel="share of scores above it")
        axes.set_title(_title(judged.board))
        figure.legend(loc="outside right center", frameon=False)
    said(figure, f"scores of all tasks and of {_seeds(found)} seeds; all tasks weigh the same")
    return figure


def _interval(axes: Axes, place: int, own: Interval, colour: str, marker: str) -> None:
    axes.plot([own.low, own.high], [place, place], color=colour, linewidth=1.2)
    axes.plot(own.mean, place, marker, color=colour)


def _point(axes: Axes, value: float, own: Interval, drawn: Look) -> None:
    axes.plot([value, value], [own.low, own.high], color=drawn.colour, linewidth=0.8)
    axes.plot(value, own.mean, drawn.marker, color=drawn.colour)


def _rows(axes: Axes, found: Sequence[tuple[Entry, Interval | None]]) -> None:
    """A row each; what is below all entries of the budget, and is not one, is told at the edge."""
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    usual = [own for entry, own in found if own is not None and entry.share is None]
    if not usual:
        return
    low, high = min(own.low for own in usual), max(own.high for _, own in found if own is not None)
    room = 0.06 * (high - low) or 1.0
    for place, (entry, own) in enumerate(found):
        if entry.share is not None and own is not None and own.high < low:
            axes.set_xlim(low - room, high + room)
            axes.text(low, place, f"◂ {own.mean:.1f}", va="center", fontsize=POINTS - 1)


def _height(count: int) -> float:
    return 1.0 + 0.17 * count


def _seeds(found: Sequence[tuple[Entry, Interval]]) -> str:
    counts = sorted({len(entry.seeds) for entry, _ in found})
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _title(board: Board) -> str:
    return f"{printable(board.track)}, {board.size}"


def _overall(board: Board) -> str:
    return "average, points" if board.has_average else "Δm, percent"


def _active(entry: Entry) -> float:
    counts = entry.records[0].parameters
    assert counts is not None  # every ok record has them
    return counts.active


def _operations(entry: Entry) -> float:
    cost = entry.records[0].cost
    assert cost is not None  # as above
    return cost.flops_train
