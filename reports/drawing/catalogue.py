"""Which figures there are of boards and of their tuning, by the names of their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from matplotlib.figure import Figure

from seesaw.reports.board import Board
from seesaw.reports.dial import Curve
from seesaw.reports.drawing import board, lines
from seesaw.reports.judgement import Judgement
from seesaw.reports.tuning import Tuning

MOST_DRAWN = 3
"""Boards of a track with figures, the budgets with most runs first; none of an older version."""
OF_A_BOARD: Mapping[str, Callable[[Judgement], Figure | None]] = {
    "intervals": board.intervals,
    "seesaw": board.seesaw,
    "costs": board.costs,
    "profiles": board.profiles,
    "training": lines.training,
}


def main(own: Board) -> str:
    """The name of the figure that stands for a board."""
    return f"{own.name}-intervals"


def figures(
    found: Sequence[Judgement], turned: Iterable[Curve], tuned: Iterable[Tuning]
) -> Iterator[tuple[str, Figure]]:
    """Every figure by its name, without the ending.

    Args:
        found: all boards.
        turned: their dials of conflict.
        tuned: what was tried of their entries.
    """
    tracks: dict[str, list[Judgement]] = {}
    for judged in found:
        if not judged.board.newer:
            tracks.setdefault(judged.board.track, []).append(judged)
    for track, own in tracks.items():
        for judged in own[:MOST_DRAWN]:
            for kind, draw in OF_A_BOARD.items():
                if (figure := draw(judged)) is not None:
                    yield f"{judged.board.name}-{kind}", figure
        alike: dict[str, list[Judgement]] = {}
        for judged in own:
            how = "-tuned" if judged.board.tuned else ""
            alike.setdefault(f"{track}-{judged.board.kind}{how}", []).append(judged)
        for name, those in alike.items():
            if (figure := lines.budgets(those)) is not None:
                yield f"{name}-budgets", figure
    for curve in turned:
        yield curve.name, lines.conflict(curve)
    for tuning in tuned:
        yield tuning.name, lines.tuning(tuning)
