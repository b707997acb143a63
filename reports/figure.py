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
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from seesaw.reports.boards import Board  # noqa: E402
from seesaw.reports.dial import CONFLICT, Curve  # noqa: E402

MOST_BOARDS = 3
"""A figure shows this many boards of a track, the largest budgets first."""
MARKS = "os^vDP*X<>"
MOST_ENTRIES = 12
"""A figure shows this many entries of each block of a board, the best averages first."""


def draw(track: str, found: Sequence[Board]) -> str:
    """SVG with a row per board and a group of points per task; grey lines are constant answers.

    A task that is not in points says its unit below its name.
    """
    found = found[:MOST_BOARDS]
    height = 3 * len(found)
    figure, rows = plt.subplots(len(found), figsize=(9.6, height), squeeze=False)
    # fixed margins: measuring them would draw everything twice
    figure.subplots_adjust(0.08, 0.3 / height, 0.8, 1 - 0.3 / height, hspace=0.3)
    for axes, board in zip(rows[:, 0], found, strict=True):
        _draw_board(axes, board)
        axes.set_title(f"{track}, {board.size}", fontsize=10)
    return svg(figure)


def svg(figure: Figure) -> str:
    """The figure as SVG, the same for the same content; it is closed."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    return buffer.getvalue()


def _draw_board(axes: Axes, board: Board) -> None:
    # places are ours: seaborn's own dodging takes a call per entry and task
    sns.scatterplot(_points(board), x="place", y="score", hue="entry", ax=axes, s=18, linewidth=0)
    for index, value in enumerate(board.baseline("constant").values()):
        axes.hlines(value, index - 0.4, index + 0.4, color="0.6", linewidth=1, zorder=0)
    tasks = board.example.tasks.items()
    labels = [n if t.unit == "points" else f"{n}\n({t.unit}, less is better)" for n, t in tasks]
    axes.set_xticks(range(len(board.tasks)), labels, fontsize=8)
    axes.set(xlabel="", ylabel="test score")
    sns.move_legend(axes, "center left", bbox_to_anchor=(1, 0.5), frameon=False, title=None)


def draw_curve(curve: Curve) -> str:
    """SVG with the average of every entry by conflict; bars are 95 % intervals."""
    figure, axes = plt.subplots(figsize=(6.9, 3.3))
    figure.subplots_adjust(0.1, 0.15, 0.75, 0.9)
    entries = list(curve.entries().items())[:MOST_ENTRIES]
    styles = zip(entries, sns.color_palette("colorblind", MOST_ENTRIES), strict=False)
    for number, ((name, own), colour) in enumerate(styles):
        found = {at: curve.boards[at].interval(entry) for at, entry in own.items()}
        known = {at: interval for at, interval in found.items() if interval is not None}
        means = [interval.mean for interval in known.values()]
        reach = [interval.high - interval.mean for interval in known.values()]
        mark = MARKS[number % len(MARKS)]
        axes.errorbar(list(known), means, reach, color=colour, marker=mark, capsize=2, label=name)
    axes.set(xlabel=f"{CONFLICT} between tasks", ylabel="average", title=curve.title)
    if entries:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return svg(figure)


def _points(board: Board) -> pd.DataFrame:
    shown = [entry for entries in board.blocks.values() for entry in entries[:MOST_ENTRIES]]
    rows = [
        (task + 0.7 * ((number + 0.5) / len(shown) - 0.5), entry.name, score)
        for number, entry in enumerate(shown)
        for record in entry.records
        for task, score in enumerate(record.scores().values())
    ]
    return pd.DataFrame(rows, columns=["place", "entry", "score"])
