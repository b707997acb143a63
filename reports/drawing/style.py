"""What all figures share: sizes, type, and the look of an entry, the same in every one of them.

Colour tells the family, the marker the method; nothing is told by colour alone. Colours are those
of Okabe and Ito (2008), chosen to stay apart for colour-blind readers.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seesaw.reports.board import FROZEN, Entry
from seesaw.reports.intervals import Verdict
from seesaw.reports.judgement import LORA, RANK
from seesaw.suite.records.record import Record

NARROW, WIDE = 3.3, 6.9
"""Inches of one column of a paper and of two."""
POINTS = 8
"""Size of type."""
SETTINGS: Any = {
    "font.size": POINTS,
    "axes.titlesize": POINTS,
    "axes.labelsize": POINTS,
    "xtick.labelsize": POINTS - 1,
    "ytick.labelsize": POINTS - 1,
    "legend.fontsize": POINTS - 1,
    "figure.titlesize": POINTS,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.0,
    "lines.markersize": 4.5,
    "font.sans-serif": ["DejaVu Sans"],  # stands with every text of an SVG; it has all we write
    "svg.fonttype": "none",
    "svg.hashsalt": "seesaw",  # element ids, and so the file, stay the same
    "pdf.fonttype": 42,
}
Family = Literal["plain", "token", "task", "control"]
FAMILIES: Mapping[Family, tuple[str, str]] = {
    "plain": ("#0072B2", "plain LoRA"),
    "token": ("#E69F00", "routed by the token"),
    "task": ("#CC79A7", "routed by the task"),
    "control": ("#6B6B6B", "control"),
}
"""Colours and names; green and red are left to verdicts."""
PENTAGON = "M0,-1L.95,-.31L.59,.81L-.59,.81L-.95,-.31Z"
STAR = "M0,-1L.23,-.31L.95,-.31L.36,.12L.59,.81L0,.38L-.59,.81L-.36,.12L-.95,-.31L-.23,-.31Z"
MARKERS = (
    ("o", "circle"), ("s", "square"), ("D", "diamond"), ("P", "cross"),
    (">", "triangle-right"), ("<", "triangle-left"), ("p", PENTAGON), ("*", STAR),
)  # fmt: skip
"""As matplotlib calls them, and as Vega does; none that points up or down, as verdicts do."""
ORDER: Mapping[Family, tuple[str, ...]] = {
    "plain": (LORA, RANK),
    "token": ("smora", "molora", "malora", "mode", "ase"),
    "task": ("moelora", "more", "lora_per_task", "lora_per_task_full"),
    "control": ("molora_uniform", "molora_random", FROZEN, "full"),
}
"""Whose marker is which; a method that is not here takes one of those that are left."""
VERDICTS: Mapping[Verdict, str] = {
    "better": "#009E73",
    "worse": "#D55E00",
    "equivalent": "#222222",
    "inconclusive": "#6B6B6B",
}
"""Colours of verdicts."""


@dataclass(frozen=True)
class Look:
    """How an entry is drawn."""

    family: Family
    marker: str
    shape: str

    @property
    def colour(self) -> str:
        """Of its family."""
        return FAMILIES[self.family][0]


def look(entry: Entry) -> Look:
    """The look of an entry, which depends on nothing but its method."""
    return look_of(entry.records[0])


def look_of(record: Record) -> Look:
    """The look of the entry that a record is of."""
    return look_by(record.spec.method, record.routes_on)


def look_by(method: str, routes_on: str = "none") -> Look:
    """The look of a method, whose gate reads `none`, `token` or `task`."""
    family = next((name for name, own in ORDER.items() if method in own), None)
    if family is not None:
        return Look(family, *MARKERS[ORDER[family].index(method)])
    by_gate: Mapping[str, Family] = {"none": "plain", "token": "token"}
    family = by_gate.get(routes_on, "task")
    rest = MARKERS[len(ORDER[family]) :]
    return Look(family, *rest[sum(method.encode()) % len(rest)])


@contextmanager
def styled() -> Iterator[None]:
    """Whatever is drawn inside has our sizes and our type."""
    with matplotlib.rc_context(SETTINGS):
        yield


def panels(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of so many inches, and its panels from left to right."""
    with styled():
        figure = Figure((width, height), layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)
    return figure, list(axes[0])


def said(figure: Figure, text: str) -> None:
    """Say below a figure what its marks and bars are."""
    figure.supxlabel(text, fontsize=POINTS - 2, color="0.35", x=0.01, ha="left")


def written(figure: Figure, kind: Literal["svg", "pdf"] = "svg") -> bytes:
    """The file of a figure, the same for the same content."""
    buffer = io.BytesIO()
    told = {"Date": None} if kind == "svg" else {"CreationDate": None}
    with styled():
        if figure.get_layout_engine() is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine(None)  # else every file is laid out and drawn twice
        figure.savefig(buffer, format=kind, metadata=told)
    return slim(buffer.getvalue()) if kind == "svg" else buffer.getvalue()


def slim(svg: bytes) -> bytes:
    """Without indents, turns by nothing, and parts of a point that nobody sees."""
    return re.sub(rb"<[^<>]*>", _slim_tag, re.sub(rb"^ +<", b"<", svg, flags=re.MULTILINE))


def _slim_tag(tag: re.Match[bytes]) -> bytes:
    turned = re.sub(rb' transform="rotate\(-0 [^"]*"', b"", tag[0])
    return re.sub(rb' (d|x|y)="[^"]*"', lambda own: re.sub(rb"(\.\d\d)\d+", rb"\1", own[0]), turned)


def as_files(figure: Figure) -> tuple[bytes, bytes]:
    """The figure as SVG and as PDF."""
    return written(figure), written(figure, "pdf")
