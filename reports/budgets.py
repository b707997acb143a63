"""Figure of `seesaw budgets`: quality against budget where records are, else cost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from seesaw.reports.boards import boards
from seesaw.reports.drawing.style import Look, look_by, panels, styled, written
from seesaw.reports.files import replace
from seesaw.suite.records.names import printable
from seesaw.suite.records.store import Store

QUALITY, COST = "test average, points", "inference operations / LoRA"


def write(path: Path, results: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw the rows of a comparison of budgets, one panel per place.

    A place that the store at `results` has records of gets its entries' test averages; any other
    the operations per token of inference, relative to LoRA's at the same budget.

    Args:
        rows: fields of `suite.compare.BudgetRow`.
    """
    entries, costs = quality(results), cost(rows)
    places = list(dict.fromkeys(row["place"] for row in rows))
    names = list(dict.fromkeys((*costs["method"], *entries["method"])))
    figure, axes = panels(1.4 + 2.7 * len(places), 2.9, len(places))
    with styled():
        for ax, place in zip(axes, places, strict=True):
            own = entries[entries["place"] == place]
            value = QUALITY if len(own) else COST
            frame = own if len(own) else costs[costs["place"] == place]
            for name, found in frame.groupby("method", sort=False):
                drawn, points = _look(str(name)), found.sort_values("budget")
                x, y = points["budget"], points[value]
                ax.plot(x, y, color=drawn.colour, marker=drawn.marker, linewidth=0.8)
            ax.set(title=place, xlabel="budget, adapter parameters", ylabel=value, xscale="log")
        for name in names:
            drawn = _look(name)
            axes[0].plot([], [], drawn.marker, color=drawn.colour, label=printable(name))
        figure.legend(loc="outside right center", frameon=False)
    replace(path, written(figure).decode())


def _look(name: str) -> Look:
    """Of an entry by its name, which begins with the method's."""
    return look_by(re.split(r"[+\[]", name)[0])


def quality(results: str) -> pd.DataFrame:
    """Every published entry: place, budget, method, test average."""
    rows = [
        (board.track, board.budget, entry.name, entry.average.mean)
        for board in boards(Store(results).scan().records)
        for block in board.blocks.values()
        for entry in block
        if entry.average is not None and board.kind == "total"
    ]
    return pd.DataFrame(rows, columns=["place", "budget", "method", QUALITY])


def cost(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Operations of every method that could fill its budget."""
    found = [
        (row["place"], row["budget"], row["method"], row["inference_ratio"])
        for row in rows
        if row["inference_ratio"] is not None
    ]
    return pd.DataFrame(found, columns=["place", "budget", "method", COST])
