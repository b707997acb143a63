"""Heat maps of routing: how the gate mass of every task is shared out, layer by expert."""

from __future__ import annotations

import numpy as np
import seaborn as sns

from seesaw.reports.drawing.style import POINTS, panels, styled, written
from seesaw.suite.records.names import printable
from seesaw.suite.records.record import Record


def draw(record: Record) -> str:
    """SVG with a panel per task, or one for all where the gate is not told the task.

    Rows are adapted places from the input to the output, columns experts; a row of a task sums
    to 1.
    """
    places = list(record.routing.values())
    seen = min(len(place.by_task) for place in places)
    told = seen == len(record.spec.tasks)
    titles = record.spec.tasks if told else ["all tasks"]
    width = max(len(place.load) for place in places)
    figure, axes = panels(1.5 + 1.2 * len(titles), 1 + 0.13 * len(places), len(titles))
    with styled():
        for index, (ax, title) in enumerate(zip(axes, titles, strict=True)):
            table = np.full((len(places), width), np.nan)
            for row, place in enumerate(places):
                values = place.by_task[index] if told else place.load
                table[row, : len(values)] = values
            sns.heatmap(
                table, ax=ax, vmin=0, cmap="viridis", cbar=ax is axes[-1], xticklabels=False,
                yticklabels=[_short(name) for name in record.routing] if index == 0 else False,
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
