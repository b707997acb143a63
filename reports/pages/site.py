"""All files of the site, by their address in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from seesaw.reports.board_page import answer, sentences
from seesaw.reports.boards import Board, Entry
from seesaw.reports.drawing.catalogue import OF_A_BOARD
from seesaw.reports.exports import as_csv, as_latex
from seesaw.reports.judgement import Judgement
from seesaw.reports.pages.about import methods
from seesaw.reports.pages.command import command_of
from seesaw.reports.pages.render import ASSETS, environment
from seesaw.reports.table import Table
from seesaw.reports.task_table import seesaw_table, task_table
from seesaw.reports.unlike import largest
from seesaw.reports.verdict_table import verdict_table

SAFE = re.compile(r"[^A-Za-z0-9._+=-]")
LONGEST = 60
"""Characters of a file's name."""


@dataclass(frozen=True)
class Texts:
    """Pages that are text: the words of the leaderboard, the claims."""

    introduction: str
    claims: str


@dataclass(frozen=True)
class Shown:
    """A board with what its page needs."""

    judged: Judgement
    sentences: Sequence[str]
    figures: Mapping[str, str]

    @property
    def board(self) -> Board:
        """What is shown."""
        return self.judged.board

    @property
    def address(self) -> str:
        """Of its page."""
        return f"boards/{self.board.name}.html"

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.board.track}, {self.board.size}"

    @property
    def answer(self) -> str:
        """Who is told apart from LoRA, in Markdown."""
        return answer(self.judged)

    def entry_address(self, entry: Entry) -> str:
        """Of the page of an entry of it."""
        name = SAFE.sub("_", entry.name)[:LONGEST]
        return f"entries/{self.board.name}/{self.board.entries.index(entry)}-{name}.html"

    def exports(self) -> Iterator[tuple[str, str]]:
        """What is shown, by the ending of its file."""
        yield "tex", as_latex(self.judged)
        yield "csv", as_csv([self.board])

    def tables(self) -> Iterator[tuple[str, Sequence[Table]]]:
        """For each block of entries its title and its tables."""
        for title, entries in self.board.blocks.items():
            gains = seesaw_table(self.judged, entries)
            found = [verdict_table(self.judged, entries), task_table(self.board, entries)]
            yield title, [*found, *([gains] if gains else [])]


def site(
    found: Sequence[Judgement],
    figures: Mapping[str, bytes],
    texts: Texts,
    refused: Mapping[str, str],
    results: str,
) -> dict[str, str]:
    """Every page and what it needs beside it.

    Args:
        found: all boards.
        figures: SVG by address from the site's root.
        texts: pages that are text.
        refused: what of the store is not shown, and why, by path.
        results: the published store's address as a link from the site's root.
    """
    pages = environment()
    main = largest(own.board for own in found)
    shown = [_shown(own, main[own.board.track, own.board.size], figures) for own in found]
    front = [own for own in shown if main[own.board.track, own.board.size] is own.board]
    common: dict[str, Any] = {"boards": shown, "results": results}
    files = {"site.css": (ASSETS / "site.css").read_text()}
    files["index.html"] = _page(pages, "front.html", "", common | {"front": front})
    files["how-to-read.html"] = _page(
        pages, "text.html", "", common | {"title": "How to read this", "text": texts.introduction}
    )
    files["claims.html"] = _page(
        pages, "text.html", "", common | {"title": "Claims", "text": texts.claims}
    )
    files["add.html"] = _page(pages, "add.html", "", common)
    files["incomplete.html"] = _page(pages, "incomplete.html", "", common | {"refused": refused})
    for own in shown:
        files |= {f"boards/{own.board.name}.{kind}": text for kind, text in own.exports()}
        files[own.address] = _page(pages, "board.html", "../", common | {"shown": own})
        for entry in own.board.entries:
            files[own.entry_address(entry)] = _page(
                pages, "entry.html", "../../", common | _entry(own, entry)
            )
    return files


def _page(pages: Environment, template: str, root: str, values: Mapping[str, Any]) -> str:
    return pages.get_template(template).render(root=root, **values)


def _shown(judged: Judgement, main: Board, figures: Mapping[str, bytes]) -> Shown:
    board = judged.board
    own = {kind: f"figures/{board.name}-{kind}.svg" for kind in OF_A_BOARD}
    there = {kind: address for kind, address in own.items() if address in figures}
    return Shown(judged, sentences(board, main), there)


def _entry(own: Shown, entry: Entry) -> dict[str, Any]:
    found = own.judged.against.get("LoRA", {}).get(entry.key)
    return {
        "shown": own,
        "entry": entry,
        "about": methods().get(entry.records[0].spec.method),
        "gain": found and found.gain.signed,
        "verdict": found and found.verdict,
        "interval": own.judged.interval(entry),
        "runs": [(record, command_of(record)) for record in entry.runs],
        "scores": [
            (name, task.primary, entry.task(name)) for name, task in own.board.example.tasks.items()
        ],
    }
