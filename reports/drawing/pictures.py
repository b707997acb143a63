"""The files of figures, which other processes write while this one goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from matplotlib.figure import Figure

from seesaw.reports.drawing.style import written
from seesaw.tasks.parallel import Later, beside


@contextmanager
def as_files(
    figures: Iterable[tuple[str, Figure]], processes: int
) -> Iterator[Mapping[str, Later[tuple[bytes, bytes]]]]:
    """By the name of each figure what waits for its SVG and its PDF, in their order."""
    with beside(processes) as submit:
        yield {name: submit(_files, figure) for name, figure in figures}


def _files(figure: Figure) -> tuple[bytes, bytes]:
    return written(figure), written(figure, "pdf")
