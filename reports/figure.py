"""One figure per track: score per task and entry, seeds as points."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "seesaw"  # element ids, and so the file, stay the same
matplotlib.rcParams["svg.fonttype"] = "none"

import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402
import seaborn as sns  # noqa: E402

from suite.stats import Board  # noqa: E402

MOST_ENTRIES = 12
"""A figure shows this many entries of each board, the best averages first."""


def draw(track: str, found: Sequence[Board]) -> str:
    """SVG with a row per board and a column of points per task; grey lines are constant answers."""
    grid = sns.FacetGrid(_points(found), row="board", height=3, aspect=3.2, sharey=True)
    for (_, axes), board in zip(grid.axes_dict.items(), found, strict=True):
        names = list(board.tasks)
        points = _points([board])
        # jitter is random, and the file must stay the same
        style = {"dodge": True, "jitter": False, "size": 4}
        sns.stripplot(points, x="task", y="score", hue="entry", order=names, ax=axes, **style)
        for index, value in enumerate(board.baseline("constant").values()):
            axes.hlines(value, index - 0.4, index + 0.4, color="0.6", linewidth=1, zorder=0)
        axes.set(xlabel="", ylabel="test score, points")
        axes.set_title(f"{track}, {board.budget:,} parameters", fontsize=10)
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    buffer = io.StringIO()
    grid.figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(grid.figure)
    return buffer.getvalue()


def _points(found: Sequence[Board]) -> pd.DataFrame:
    rows = [
        (f"{board.budget} {board.conditions}", entry.name, name, score)
        for board in found
        for entries in board.blocks.values()
        for entry in entries[:MOST_ENTRIES]
        for record in entry.records
        for name, score in record.scores().items()
    ]
    return pd.DataFrame(rows, columns=["board", "entry", "task", "score"])
