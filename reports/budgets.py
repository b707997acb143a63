"""Figure of `seesaw budgets`: quality against budget where records are, else cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from reports.figure import svg
from reports.leaderboard import replace
from suite.stats import boards
from suite.store import Store


def write(path: Path, results: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw the rows of a comparison of budgets.

    A place that the store at `results` has records of gets its entries' test averages over their
    adapter parameters; any other place the operations per token of training, relative to LoRA's.

    Args:
        rows: fields of `suite.compare.BudgetRow`.
    """
    entries = quality(results)
    places = list(dict.fromkeys(row["place"] for row in rows))
    figure, axes = plt.subplots(
        1, len(places), figsize=(1.5 + 4.2 * len(places), 3.8), squeeze=False
    )
    for ax, place in zip(axes[0], places, strict=True):
        own = entries[entries["place"] == place]
        value = "test average, points" if len(own) else "training operations / LoRA"
        frame = own if len(own) else cost(rows, place)
        legend = place == places[-1] or bool(len(own))
        sns.scatterplot(
            frame, x="parameters", y=value, hue="method", style="method", ax=ax, legend=legend, s=36
        )
        ax.set(title=place, xlabel="adapter parameters", xscale="log")
        if legend:
            sns.move_legend(ax, "center left", bbox_to_anchor=(1, 0.5), frameon=False, title=None)
    figure.tight_layout()
    replace(path, svg(figure))


def quality(results: str) -> pd.DataFrame:
    """Every published entry: place, method, adapter parameters, test average."""
    scan = Store(results).scan()
    rows = [
        (board.track, entry.name, counts.adapter, entry.average.mean)
        for board in boards(scan.records)
        for block in board.blocks.values()
        for entry in block
        if (counts := entry.records[0].parameters) is not None and counts.adapter
    ]
    return pd.DataFrame(rows, columns=["place", "method", "parameters", "test average, points"])


def cost(rows: Sequence[Mapping[str, Any]], place: str) -> pd.DataFrame:
    """Operations of every method that could fill its budget at `place`."""
    found = [
        (row["method"], row["parameters"].total, row["training_ratio"])
        for row in rows
        if row["place"] == place and row["parameters"] is not None
    ]
    return pd.DataFrame(found, columns=["method", "parameters", "training operations / LoRA"])
