"""Figure of `seesaw budgets`: quality against budget where records are, else cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from seesaw.reports.boards import boards
from seesaw.reports.figure import svg
from seesaw.reports.files import replace
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
    names = [*dict.fromkeys(costs["method"]), *dict.fromkeys(entries["method"])]
    colours = sns.color_palette("husl", len(set(names)))
    palette = dict(zip(dict.fromkeys(names), colours, strict=True))
    size = (1 + 4.4 * len(places), 3.8)
    figure, axes = plt.subplots(1, len(places), figsize=size, squeeze=False)
    for ax, place in zip(axes[0], places, strict=True):
        own = entries[entries["place"] == place]
        value = QUALITY if len(own) else COST
        frame = (own if len(own) else costs[costs["place"] == place]).sort_values("budget")
        frame = frame.assign(budget=[f"{count:,}" for count in frame["budget"]])
        sns.stripplot(
            frame,
            x="budget",
            y=value,
            hue="method",
            palette=palette,
            dodge=True,
            jitter=False,
            ax=ax,
        )
        ax.set(title=place, xlabel="budget, adapter parameters")
        ax.tick_params(axis="x", labelrotation=20)
        sns.move_legend(
            ax, "center left", bbox_to_anchor=(1, 0.5), frameon=False, title=None, fontsize=7
        )
    figure.tight_layout()
    replace(path, svg(figure))


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
