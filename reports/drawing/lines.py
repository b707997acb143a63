"""What changes with something: with conflict, with the budget, with trials, with steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seesaw.reports.board import Entry
from seesaw.reports.dial import CONFLICT, Curve
from seesaw.reports.drawing.board import MOST, name_of
from seesaw.reports.drawing.style import WIDE, look, look_of, panels, said, styled
from seesaw.reports.intervals import Interval
from seesaw.reports.judgement import Judgement
from seesaw.reports.tuning import Tuning, best_of
from seesaw.suite.records.names import printable

HEIGHT = 2.9
WINDOWS = 40
"""Points of a training curve."""


def conflict(curve: Curve) -> Figure:
    """The average of every entry by conflict."""
    figure, (axes,) = panels(WIDE, HEIGHT)
    with styled():
        for own in list(curve.entries().values())[:MOST]:
            known = {at: curve.boards[at].interval(entry) for at, entry in own.items()}
            _line(axes, next(iter(own.values())), known)
        axes.set(xlabel=f"{CONFLICT} between tasks", ylabel="average, points")
        axes.set_title(printable(curve.title))
        _legend(figure, axes)
    said(figure, "bars: 95 % intervals, seeds and items")
    return figure


def budgets(found: Sequence[Judgement]) -> Figure | None:
    """The overall score of every entry by budget, on boards of one track and kind of budget."""
    sizes = {judged.board.budget: judged for judged in found}
    if len(sizes) < 2:
        return None
    entries: dict[str, dict[int, tuple[Entry, Judgement]]] = {}
    for size, judged in sorted(sizes.items()):
        for entry in judged.board.entries:
            entries.setdefault(entry.name, {})[size] = entry, judged
    several = {name: own for name, own in sorted(entries.items()) if len(own) > 1}
    if not several:
        return None
    board = found[0].board
    figure, (axes,) = panels(WIDE, HEIGHT)
    with styled():
        for own in list(several.values())[:MOST]:
            known = {float(size): judged.interval(entry) for size, (entry, judged) in own.items()}
            _line(axes, next(iter(own.values()))[0], known)
        kind = "active parameters" if board.kind == "active" else "parameters"
        unit = "average, points" if board.has_average else "Δm, percent"
        axes.set(xscale="log", xlabel=f"budget, {kind}", ylabel=unit)
        axes.set_title(f"{printable(board.track)} by budget")
        _legend(figure, axes)
    said(figure, "bars: 95 % intervals, seeds and items")
    return figure


def training(judged: Judgement) -> Figure | None:
    """The training loss of every entry by step, the mean over seeds."""
    figure, (axes,) = panels(WIDE, HEIGHT)
    with styled():
        for entry in judged.board.entries[:MOST]:
            curves = [np.array(record.loss_curve) for record in entry.records if record.loss_curve]
            if not curves or len({curve.shape for curve in curves}) != 1:
                continue
            steps, losses = curves[0][:, 0], np.mean([curve[:, 1] for curve in curves], axis=0)
            parts = min(WINDOWS, len(steps))
            x, y = ([p.mean() for p in np.array_split(v, parts)] for v in (steps, losses))
            drawn, name = look(entry), name_of(entry)
            axes.plot(x, y, color=drawn.colour, marker=drawn.marker, markersize=2.5, label=name)
        if not axes.lines:
            return None
        axes.set(xlabel="step", ylabel="training loss", yscale="log")
        axes.set_title(f"{printable(judged.board.track)}, {judged.board.size}")
        _legend(figure, axes)
    said(figure, f"means over seeds and over {WINDOWS} windows of steps")
    return figure


def tuning(own: Tuning) -> Figure:
    """The gain that the best of n trials is expected to have, by n, with its band."""
    figure, (axes,) = panels(WIDE, HEIGHT)
    with styled():
        for name, records in list(own.entries.items())[:MOST]:
            if not (trials := len(own.gains(name))):
                continue
            counts = list(range(1, trials + 1))
            found, drawn = best_of(own, name, counts), look_of(records[0])
            axes.plot(
                counts, found.expected, color=drawn.colour, marker=drawn.marker,
                label=printable(name),
            )  # fmt: skip
            axes.fill_between(
                counts, found.low, found.high, color=drawn.colour, alpha=0.05, linewidth=0
            )
        axes.set(xlabel="trials", ylabel="gain over untuned LoRA on dev, %")
        axes.set_title(printable(own.title))
        _legend(figure, axes)
    said(figure, "the expected best of so many trials; bands: 95 %, whatever their distribution")
    return figure


def _line(axes: Axes, entry: Entry, known: Mapping[float, Interval | None]) -> None:
    found = {at: own for at, own in known.items() if own is not None}
    if not found:
        return
    own, means = look(entry), [interval.mean for interval in found.values()]
    reach = [interval.high - interval.mean for interval in found.values()]
    axes.errorbar(
        list(found), means, reach, color=own.colour, marker=own.marker, capsize=2,
        linewidth=0.9, label=name_of(entry),
    )  # fmt: skip


def _legend(figure: Figure, axes: Axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside right center", frameon=False)
