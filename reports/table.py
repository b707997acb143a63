"""Tables of text, which pages in Markdown, the site and terminals show each in their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tabulate import tabulate

from seesaw.reports.board import Entry
from seesaw.reports.markup import link, plain


@dataclass(frozen=True)
class Table:
    """A table in plain text; the first `words` columns are no numbers.

    `entries` are what its rows are about, where that is entries; None of a row for comparison.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    entries: Sequence[Entry | None] = ()


NO_LINKS: Mapping[str, str] = {}


def markdown(table: Table, links: Mapping[str, str] = NO_LINKS) -> str:
    """The table without its title.

    Args:
        table: to be shown.
        links: addresses of pictures, by the path of their record.
    """
    rows = [
        [_first(row[0], entry, bool(table.entries), links), *map(plain, row[1:])]
        for row, entry in zip_longest(table.rows, table.entries)
    ]
    align = ["left" if k < table.words else "right" for k in range(len(table.header))]
    header = [plain(title) for title in table.header]
    return tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)


def _first(text: str, entry: Entry | None, about_entries: bool, links: Mapping[str, str]) -> str:
    if entry is None:
        return f"*{plain(text)}*" if about_entries else plain(text)
    record = min(entry.records, key=lambda record: record.spec.seed)
    return link(text, links[record.path]) if record.path in links else plain(text)
