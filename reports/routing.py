"""Heat maps of routing: how the gate mass of every task is shared out, layer by expert."""

from __future__ import annotations

import numpy as np
import seaborn as sns
from numpy.typing import NDArray

from seesaw.reports.drawing.style import POINTS, panels, styled, written
from seesaw.suite.records.names import printable
from seesaw.suite.records.record import Record


def shares(record: Record) -> dict[str, NDArray[np.float64]]:
    """Shares of the gate (places, experts) by task, or of all tasks where the gate is not told.

    Rows are adapted places from the input to the output, each summing to 1; a place with fewer
    experts than others ends in NaN. Nothing where nothing is routed.
    """
    places = list(record.routing.values())
    if not places:
        return {}
    told = min(len(place.by_task) for place in places) == len(record.spec.tasks)
    width = max(len(place.load) for place in places)
    found = {}
    for index, title in enumerate(record.spec.tasks if told else ["all tasks"]):
        table = np.full((len(places), width), np.nan)
        for row, place in enumerate(places):
            values = place.by_task[index] if told else place.load
            table[row, : len(values)] = values
        found[title] = table
    return found


def draw(record: Record) -> str:
    """SVG of the `shares` of a routed run, a panel for each table."""
    found = shares(record)
    height = 1 + 0.13 * len(record.routing)
    figure, axes = panels(1.5 + 1.2 * len(found), height, len(found))
    with styled():
        for ax, (title, table) in zip(axes, found.items(), strict=True):
            sns.heatmap(
                table, ax=ax, vmin=0, cmap="viridis", cbar=ax is axes[-1], xticklabels=False,
                yticklabels=[_short(name) for name in record.routing] if ax is axes[0] else False,
                cbar_kws={"label": "share of the gate"},
            )  # fmt: skip
            ax.set(title=printable(title), xlabel="expert")
            ax.tick_params(labelsize=POINTS - 3)
        named = f"{record.spec.track} {record.spec.called} seed {record.spec.seed}"
        figure.suptitle(printable(named))
    return written(figure).decode()


def _short(place: str) -> str:
    """The block and the linear that is written."""
    return place.rpartition(" -> ")[2].removeprefix("base_model.model.")
