"""A board with what its pages need: addresses, sentences, tables, and entries by their place."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seesaw.reports.about import methods
from seesaw.reports.board import SEEDS_FOR_RANKS, Board, Entry
from seesaw.reports.board_page import answer
from seesaw.reports.drawing.style import FAMILIES
from seesaw.reports.exports import as_csv, as_latex
from seesaw.reports.judgement import LORA, Judgement
from seesaw.reports.pages.chart import axes, places
from seesaw.reports.pages.command import command_of
from seesaw.reports.pages.compare import Compared, compared
from seesaw.reports.pages.heat import maps
from seesaw.reports.table import Table
from seesaw.reports.task_table import seesaw_table, task_table
from seesaw.reports.tuning import figure_of
from seesaw.reports.verdict_table import verdict_table
from seesaw.suite.records.record import Record

SAFE = re.compile(r"[^A-Za-z0-9._+=-]")
LONGEST = 60
"""Characters of a file's name."""
OF_DATA = {"tasks", "data_sha256", "weights_sha256"}
"""What of a spec all entries of a board share."""
AXES_AT_FIRST = ("cost0", "whole")


@dataclass(frozen=True)
class Shown:
    """A board with what its pages need.

    `figures` are addresses of its own by kind, and `tuning` that of its tuning curves, if it has
    them; `pictures` addresses of predictions by the path of their record.
    """

    judged: Judgement
    sentences: Sequence[str]
    figures: Mapping[str, str]
    tuning: str | None
    pictures: Mapping[str, str]

    @property
    def board(self) -> Board:
        """What is shown."""
        return self.judged.board

    @property
    def address(self) -> str:
        """Of its page."""
        return f"boards/{self.board.name}.html"

    @property
    def compare_address(self) -> str:
        """Of the page of its pairs."""
        return f"compare/{self.board.name}.html"

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.board.track}, {self.board.size}{', tuned' if self.board.tuned else ''}"

    @property
    def answer(self) -> str:
        """Who is told apart from LoRA, in Markdown."""
        return answer(self.judged)

    @cached_property
    def compared(self) -> Compared:
        """Its pairs."""
        return compared(self.judged)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where on the board an entry stands, by key."""
        return {entry.key: n for n, entry in enumerate(self.board.entries)}

    def entry_address(self, entry: Entry) -> str:
        """Of the page of an entry of it."""
        return entry_address(self.board, entry, self.places[entry.key])

    @property
    def data(self) -> dict[str, Any]:
        """Hashes of its data and weights."""
        return self.board.example.spec.model_dump(mode="json", include=OF_DATA)

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

    def steered(self) -> dict[str, Any]:
        """What the scripts of its page are told, ready for JSON."""
        own = axes(self.judged)
        return {
            "entries": places(self.judged),
            "axes": {
                name: {"title": axis.title, "better": axis.better} for name, axis in own.items()
            },
            "families": {title: colour for colour, title in FAMILIES.values()},
            "first": AXES_AT_FIRST,
            "seeds": SEEDS_FOR_RANKS,
        }

    def of_entry(self, entry: Entry) -> dict[str, Any]:
        """What the page of an entry needs."""
        found = self.judged.against.get("LoRA", {}).get(entry.key)
        first = min(entry.records, key=lambda record: record.spec.seed)
        lora = self.board.entry(LORA)
        return {
            "shown": self,
            "entry": entry,
            "about": methods().get(first.spec.method),
            "gain": found and found.gain.signed,
            "verdict": found and found.verdict,
            "lora": lora,
            "pair": lora and self.compared.anchor(entry, lora),
            "interval": self.judged.interval(entry),
            "origins": [(own, command_of(own)) for own in _origins(entry)],
            "seed": first.spec.seed,
            "maps": list(maps(first)),
            "pictures": [
                (record.spec.seed, self.pictures[record.path])
                for record in entry.records
                if record.path in self.pictures
            ],
            "spec": first.spec.model_dump(mode="json", exclude={"seed", "config"} | OF_DATA),
            "scores": [
                (name, task.primary, entry.task(name))
                for name, task in self.board.example.tasks.items()
            ],
        }


def entry_address(board: Board, entry: Entry, place: int) -> str:
    """Of the page of the entry that stands at a place of its board."""
    name = SAFE.sub("_", entry.name)[:LONGEST]
    return f"entries/{board.name}/{place}-{name}.html"


def _origins(entry: Entry) -> list[list[Record]]:
    """Its runs by where and when they were made; those of the frozen backbone apart."""
    found: dict[tuple[object, ...], list[Record]] = {}
    for record in entry.runs:
        own = record.provenance
        key = (record.spec.variant, own.git_commit, own.machine, own.threads, own.started[:10])
        found.setdefault(key, []).append(record)
    return list(found.values())


def tuning_address(board: Board, figures: Container[str]) -> str | None:
    """Of the figure of a board's tuning curves; None where there is none."""
    tuned = board.tuned
    if tuned is None:
        return None
    address = f"figures/{figure_of(board.track, board.budget, tuned.space)}.svg"
    return address if address in figures else None
