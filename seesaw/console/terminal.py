"""What everything that is shown is made of: tables, JSON, single lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seesaw.suite.records.names import printable

PIPE_WIDTH = 180
"""Columns where there is no terminal to ask."""
SHORT = 20
"""Words up to this length stay on one line."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


def as_text(value: Any) -> None:
    """Print `value` as JSON on standard output."""
    json.dump(value, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")


def error(text: str) -> None:
    """Print one line about what went wrong."""
    messages.print(printable(f"seesaw: {text}"), style="red", markup=False)


def remark(text: str) -> None:
    """Print one line beside what was asked for."""
    messages.print(printable(f"note: {text}"), markup=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> None:
    """Print a table whose first `left` columns are words and the others numbers."""
    shown = Table(
        title=_plain(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    rows = list(rows)
    for index, column in enumerate(columns):
        words = index < left
        longest = max((len(row[index]) for row in rows), default=0)
        shown.add_column(
            _plain(column),
            justify="left" if words else "right",
            no_wrap=not words,
            min_width=min(longest, SHORT) if words else None,
        )
    for row in rows:
        shown.add_row(*map(_plain, row))
    console.print(shown)


def _plain(text: str) -> Text:
    """Text of a cell: brackets are brackets, and nothing acts on the terminal."""
    return Text(printable(text))


def duration(seconds: float) -> str:
    """`95 s` or `12 min`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def line(text: str) -> None:
    """Print one line."""
    console.print(printable(text), markup=False)
