"""Heat maps of routing: how the gate mass of every task is shared out, layer by expert."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from seesaw.reports.figure import svg
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
    figure, axes = plt.subplots(
        1, len(titles), figsize=(1.5 + 2.6 * len(titles), 1 + 0.25 * len(places)), squeeze=False
    )
    for index, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        table = np.full((len(places), width), np.nan)
        for row, place in enumerate(places):
            values = place.by_task[index] if told else place.load
            table[row, : len(values)] = values
        sns.heatmap(
            table, ax=ax, vmin=0, cmap="viridis", cbar=False, xticklabels=False,
            yticklabels=[_short(name) for name in record.routing] if index == 0 else False,
        )  # fmt: skip
        ax.set_title(title, fontsize=9)
        ax.set_xlabel("expert", fontsize=8)
        ax.tick_params(labelsize=6)
    title = f"{record.spec.track} {record.spec.variant} seed {record.spec.seed}"
    figure.suptitle(title, fontsize=9)
    figure.tight_layout()
    return svg(figure)


def _short(place: str) -> str:
    """The block and the linear that is written."""
    return place.rpartition(" -> ")[2].removeprefix("base_model.model.")
