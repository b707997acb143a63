"""The first table: which entries are told apart from LoRA on which track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

from seesaw.reports.boards import FROZEN, REFERENCES, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.judgement import LORA, RANK, Judgement
from seesaw.reports.table import Table
from seesaw.reports.verdict_table import SIGNS
from seesaw.suite.records.record import dial_of

CAPTION = (
    "On every track, whether an entry is surely better or worse than one LoRA under the same "
    "budget, and its gain in points (percent of Δm where not all tasks are in points). LoRA's own "
    "score stands in the first row; below it come first those that win more often than they lose. "
    f"The controls {FROZEN}, {RANK}, {REFERENCES['total']} and full are not held to the budget."
)


@dataclass(frozen=True)
class Overview:
    """A column for every board, those that a reader asks for first, and a row for every entry."""

    boards: Sequence[Judgement]

    @cached_property
    def entries(self) -> Sequence[str]:
        """Names, LoRA first, then those that are better on more boards than they are worse."""
        names = {name: list(self._of(name)) for own in self.boards for name in _known(own)}
        return [LORA, *sorted(names, key=lambda name: (*_merit(names[name]), name))]

    def title(self, judged: Judgement) -> str:
        """Of a column."""
        return judged.board.track + (", tuned" if judged.board.entries[0].tuned else "")

    def entry(self, name: str, judged: Judgement) -> Entry | None:
        """The one that a cell is about; None where that is not on the board."""
        own = next((entry for entry in judged.board.entries if entry.name == LORA), None)
        return own if name == LORA else _known(judged).get(name)

    def cell(self, name: str, judged: Judgement) -> str:
        """What is said of an entry on a board; empty where it is not on it."""
        own = self.entry(name, judged)
        if own is None:
            return ""
        if name == LORA:
            score = judged.evidence.overall(own)
            return "" if score is None else f"{score.mean:.1f}"
        found = judged.against["LoRA"][own.key]
        return f"{SIGNS[found.verdict]}, {found.gain.mean:+.1f}"

    @property
    def table(self) -> Table:
        """As text."""
        header = ["entry", *map(self.title, self.boards)]
        rows = [[name, *(self.cell(name, own) for own in self.boards)] for name in self.entries]
        return Table("Told apart from LoRA", header, rows, len(header))

    def _of(self, name: str) -> Iterator[Comparison]:
        entries = ((own, _known(own).get(name)) for own in self.boards)
        return (own.against["LoRA"][entry.key] for own, entry in entries if entry is not None)


def overview(found: Sequence[Judgement]) -> Overview | None:
    """Of the newest version of every track at its largest budget; None without a comparison.

    Where entries were tuned that board is taken, and the other one as long as it says more.

    Args:
        found: all boards, in their order.
    """
    first: dict[str, list[Judgement]] = {}
    for judged in found:
        board = judged.board
        if board.newer or dial_of(board.track) is not None or board.kind != "total":
            continue
        own = first.setdefault(board.track, [])
        if not own or (own[0].board.budget == board.budget and _says_more(judged, own)):
            own.append(judged)
    chosen = [judged for own in first.values() for judged in own if _known(judged)]
    return Overview(chosen) if chosen else None


def _says_more(judged: Judgement, than: Sequence[Judgement]) -> bool:
    return bool({*_known(judged)} - {name for own in than for name in _known(own)})


def _known(judged: Judgement) -> dict[str, Entry]:
    """Entries of which something is said against LoRA; of two of one name the first."""
    against = judged.against.get("LoRA", {})
    return {own.name: own for own in reversed(judged.board.entries) if own.key in against}


def _merit(found: Sequence[Comparison]) -> tuple[int, float]:
    verdicts = [own.verdict for own in found]
    lost = verdicts.count("worse") - verdicts.count("better")
    return lost, -mean(own.gain.mean for own in found)
