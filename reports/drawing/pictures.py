"""The files of many figures, written by several processes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from matplotlib.figure import Figure

from seesaw.reports.drawing.style import written
from seesaw.tasks.parallel import cpus, mapped

FEW = 16
"""Figures that are written sooner than another process starts."""


def as_files(figures: Iterable[tuple[str, Figure]]) -> Iterator[tuple[str, bytes, bytes]]:
    """The name of each figure with its SVG and its PDF, in their order."""
    drawn = list(figures)
    yield from mapped(_files, drawn, cpus() if len(drawn) > FEW else 1)


def _files(drawn: tuple[str, Figure]) -> tuple[str, bytes, bytes]:
    name, figure = drawn
    return name, written(figure), written(figure, "pdf")
