"""The first table: which entries are told apart from LoRA on which track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

from seesaw.reports.about import methods
from seesaw.reports.board import Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.judgement import LORA, Judgement
from seesaw.reports.statistics import MARGIN
from seesaw.reports.table import Table
from seesaw.reports.verdict_table import SIGNS
from seesaw.suite.records.spec import dial_of

CAPTION = (
    "A cell says whether an entry is surely better (▲) or worse (▼) than one LoRA under the same "
    "budget, and its gain in points, with a 95 % interval where there is room; the row of LoRA has "
    "its average, the mean over tasks of metric times 100. Equivalent (=) is what surely lies "
    f"within {MARGIN:g} points; not told apart (·) is what the runs so far leave open; an empty "
    "cell has fewer than two seeds in common with LoRA. Intervals are of one entry by itself, "
    "verdicts hold for all of a track together (Holm), so one may be open though its interval "
    f"leaves out 0, or lies within {MARGIN:g}. † marks what trains more or fewer parameters than "
    "that budget, ‡ what is told the task; LoRA is not."
)


@dataclass(frozen=True)
class Cell:
    """What is said of an entry on a board, in parts; of LoRA no more than a number."""

    number: str
    interval: str = ""
    sign: str = ""
    word: str = ""
    verdict: str = ""

    def __str__(self) -> str:
        said = f"{self.sign} {self.word}, " if self.sign else ""
        return f"{said}{self.number} {self.interval}".rstrip()


@dataclass(frozen=True)
class Overview:
    """A column for every board, those that a reader asks for first, and a row for every entry."""

    boards: Sequence[Judgement]

    @cached_property
    def entries(self) -> Sequence[str]:
        """Names, LoRA first, those that win more often than they lose before others."""
        names = {name: list(self._of(name)) for own in self.boards for name in _known(own)}
        ordered = sorted(names, key=lambda name: (*_merit(names[name]), name))
        return [LORA, *sorted(ordered, key=self._has_its_own_size)]

    def title(self, judged: Judgement) -> str:
        """Of a column."""
        board = judged.board
        unit = "" if board.has_average else ", percent of Δm"
        return f"{board.track}, {'tuned' if board.tuned else 'untuned'}{unit}"

    def named(self, name: str) -> str:
        """What a row begins with."""
        marks = {"†": self._has_its_own_size(name), "‡": self._is_told_the_task(name)}
        return " ".join([name, *(mark for mark, holds in marks.items() if holds)])

    def entry(self, name: str, judged: Judgement) -> Entry | None:
        """The one that a cell is about; None where that is not on the board."""
        return judged.board.entry(LORA) if name == LORA else _known(judged).get(name)

    def cell(self, name: str, judged: Judgement) -> Cell | None:
        """What is said of an entry on a board; None where it is not on it."""
        own = self.entry(name, judged)
        if own is None:
            return None
        if name == LORA:
            score = judged.evidence.overall(own)
            return None if score is None else Cell(f"{score.mean:.1f}")
        found = judged.against["LoRA"][own.key]
        _, _, interval = found.gain.signed.partition(" ")
        sign, _, word = SIGNS[found.verdict].partition(" ")
        return Cell(f"{found.gain.mean:+.1f}", interval, sign, word, found.verdict)

    @property
    def says(self) -> dict[str, str]:
        """What entries are, in a sentence each, by their name; of methods of others nothing."""
        there = [(name, self.entry(name, own)) for name in self.entries for own in self.boards]
        found = {name: own.records[0].spec.method for name, own in there if own is not None}
        known = methods()
        return {name: known[method].says for name, method in found.items() if method in known}

    @property
    def table(self) -> Table:
        """As text."""
        header = ["entry", *map(self.title, self.boards)]
        rows = [
            [self.named(name), *(str(self.cell(name, own) or "") for own in self.boards)]
            for name in self.entries
        ]
        return Table("Told apart from LoRA", header, rows, len(header))

    def _has_its_own_size(self, name: str) -> bool:
        """Whether the budget does not hold an entry, as it does not hold most controls."""
        return any(entry.share is not None for entry in self._entries(name))

    def _is_told_the_task(self, name: str) -> bool:
        return any(entry.told_task for entry in self._entries(name))

    def _entries(self, name: str) -> Iterator[Entry]:
        entries = (self.entry(name, judged) for judged in self.boards)
        return (entry for entry in entries if entry is not None)

    def _of(self, name: str) -> Iterator[Comparison]:
        entries = ((own, _known(own).get(name)) for own in self.boards)
        return (own.against["LoRA"][entry.key] for own, entry in entries if entry is not None)


def overview(found: Sequence[Judgement]) -> Overview | None:
    """Of the newest version of every track at the budget with most runs; None without a comparison.

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
    """Entries of which something is said against LoRA; of two of one name the first.

    Those with options of their own are run for a question, which boards and claims answer.
    """
    against = judged.against.get("LoRA", {})
    entries = reversed(judged.board.entries)
    return {e.name: e for e in entries if e.key in against and not e.records[0].spec.options}


def _merit(found: Sequence[Comparison]) -> tuple[int, float]:
    verdicts = [own.verdict for own in found]
    lost = verdicts.count("worse") - verdicts.count("better")
    return lost, -mean(own.gain.mean for own in found)
