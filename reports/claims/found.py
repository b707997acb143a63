"""Which stored runs a part of a claim is judged by, and which are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from seesaw.reports.board import Entry
from seesaw.reports.claims.cell import Cell
from seesaw.reports.judgement import Judgement
from seesaw.suite.records.record import Record
from seesaw.suite.records.speed import SpeedRecord

LEAST_SEEDS = 2
"""In common; of fewer nothing is known of how seeds differ."""


@dataclass(frozen=True)
class Stored:
    """Everything that claims are judged by: boards, trials among the records, step times."""

    boards: Sequence[Judgement]
    records: Sequence[Record]
    speed: Sequence[SpeedRecord]


@dataclass(frozen=True)
class Placed:
    """An entry on its board."""

    judged: Judgement
    entry: Entry


@dataclass(frozen=True)
class Missing:
    """Runs of one cell that are not stored, and whether they are to be tuned ones."""

    cell: Cell
    seeds: tuple[int, ...]
    tuned: bool


@dataclass(frozen=True)
class Chosen:
    """The entries of some cells, all of them tuned or none, and what is missing."""

    placed: Mapping[Cell, Placed]
    missing: Sequence[Missing]
    tuned: bool


def chosen(stored: Stored, cells: Sequence[Cell], seeds: int, only_tuned: bool) -> Chosen:
    """The runs of some cells, made under the same conditions wherever they are on one track.

    Tuned entries are taken where there are as many of them as of the others, and not none.

    Args:
        stored: where they are looked for.
        cells: those that a part compares.
        seeds: how many are wanted of each, from 0 on.
        only_tuned: whether entries that are not tuned will not do.
    """
    tuned, plain = (dict(_of_kind(stored, cells, kind)) for kind in (True, False))
    counts = [
        sum(len(own.entry.seeds) >= LEAST_SEEDS for own in k.values()) for k in (tuned, plain)
    ]
    is_tuned = only_tuned or (counts[0] >= counts[1] and counts[0] > 0)
    placed = tuned if is_tuned else plain
    missing = []
    for cell in cells:
        there = placed[cell].entry.seeds if cell in placed else []
        if rest := tuple(seed for seed in range(seeds) if seed not in there):
            missing.append(Missing(cell, rest, is_tuned))
    return Chosen(placed, missing, is_tuned)


def _of_kind(stored: Stored, cells: Sequence[Cell], tuned: bool) -> Iterator[tuple[Cell, Placed]]:
    """Of every track those conditions that most cells have runs under."""
    for place in dict.fromkeys((cell.track, cell.tasks) for cell in cells):
        own = [cell for cell in cells if (cell.track, cell.tasks) == place]
        under: dict[str, dict[Cell, Placed]] = {}
        for judged in stored.boards:
            board = judged.board
            is_kind = (board.tuned is not None) == tuned and board.kind == "total"
            if not is_kind or not own[0].holds(board.track):
                continue
            for cell in own:
                if cell.budget == board.budget and (entry := _newest(board.entries, cell.label)):
                    under.setdefault(board.conditions, {})[cell] = Placed(judged, entry)
        if under:
            yield from max(under.items(), key=_how_much)[1].items()


def _how_much(item: tuple[str, Mapping[Cell, Placed]]) -> tuple[int, int, str]:
    conditions, placed = item
    return len(placed), sum(len(own.entry.seeds) for own in placed.values()), conditions


def _newest(entries: Iterable[Entry], label: str) -> Entry | None:
    """The entry of this name; of several configs the one with most seeds, then the newest."""
    own = [entry for entry in entries if entry.name == label]
    return max(own, key=lambda e: (len(e.seeds), _started(e)), default=None)


def _started(entry: Entry) -> str:
    return max(record.provenance.started for record in entry.records)


def behind(placed: Iterable[Placed]) -> list[Record]:
    """All records of some entries, sorted by where they are."""
    runs = chain.from_iterable(own.entry.records for own in placed)
    return sorted({record.path: record for record in runs}.values(), key=lambda r: r.path)
