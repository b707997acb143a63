"""The first table of a board: verdicts, ranks, what falls, and costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from seesaw.reports.board import Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.intervals import Interval, Verdict
from seesaw.reports.judgement import CONTROLS, Judgement
from seesaw.reports.table import Table
from seesaw.suite.records.record import Cost, ParameterCounts
from seesaw.suite.records.spec import Tuned

SIGNS: Mapping[Verdict, str] = {
    "better": "▲ better",
    "worse": "▼ worse",
    "equivalent": "= equivalent",
    "inconclusive": "· not told apart",
}
"""No verdict is told by its sign alone."""


@dataclass(frozen=True)
class Column:
    """A title, what stands below it of an entry, and whether that is words or a number."""

    title: str
    cell: Callable[[Entry], str]
    words: bool = False


def verdict_table(judged: Judgement, entries: Sequence[Entry]) -> Table:
    """A row for every entry, what is said against LoRA first."""
    entry = Column("entry", lambda own: own.name, words=True)
    columns = [entry, *_verdicts(judged), *_gains(judged), *_costs(entries)]
    rows = [[column.cell(own) for column in columns] for own in entries]
    words = sum(column.words for column in columns)
    return Table("Verdicts", [column.title for column in columns], rows, words, entries)


def _verdicts(judged: Judgement) -> Iterator[Column]:
    against = judged.against.get("LoRA", {})
    shown = [title for title in CONTROLS if title in judged.against]
    yield from (_against(judged, title) for title in shown[:1])
    if against:
        yield Column("gain over LoRA (95 %)", lambda own: _gain(against.get(own.key)), words=True)
        yield Column("detectable", lambda own: _detectable(against.get(own.key)), words=True)
    if judged.ranks:
        yield Column("rank", lambda own: str(judged.ranks.get(own.key, "")), words=True)
        yield Column("group", lambda own: _groups(judged, own), words=True)
    yield from (_against(judged, title) for title in shown[1:])


def _against(judged: Judgement, title: str) -> Column:
    def cell(own: Entry) -> str:
        found = judged.against[title].get(own.key)
        if found is None:
            return "itself" if own.name == CONTROLS[title] else ""
        return SIGNS[found.verdict]

    return Column(title, cell, words=True)


def _gains(judged: Judgement) -> Iterator[Column]:
    board = judged.board
    yield Column(
        f"{'average' if board.has_average else 'Δm'} (95 %)", lambda own: _whole(judged, own)
    )
    if (before := judged.untuned) is not None:
        yield Column("untuned", lambda own: _untuned(before, own))
    if board.reference is None:
        return
    if board.has_average:
        yield Column("Δm (95 %)", lambda own: _signed(judged.delta_m(own)))
    yield Column("least Δm", lambda own: _least(board, own))
    yield Column("tasks that fall", lambda own: _falls(judged.falls(own)))


def _costs(entries: Sequence[Entry]) -> Iterator[Column]:
    yield Column("parameters", lambda own: f"{_counts(own).adapter:,}")
    yield Column("active", lambda own: f"{_counts(own).active:,}")
    yield Column("operations", lambda own: f"{_cost(own).flops_train:.3g}")
    yield Column("step", lambda own: "" if own.step_ratio is None else f"{own.step_ratio:.2f}")
    yield Column("seeds", _seeds)
    if entries[0].tuned:
        yield Column("settings", lambda own: "" if own.tuned is None else _settings(own.tuned))


def _counts(entry: Entry) -> ParameterCounts:
    counts = entry.records[0].parameters
    assert counts is not None  # every ok record has them
    return counts


def _cost(entry: Entry) -> Cost:
    cost = entry.records[0].cost
    assert cost is not None  # as above
    return cost


def _gain(found: Comparison | None) -> str:
    return "" if found is None else found.gain.signed


def _detectable(found: Comparison | None) -> str:
    return "" if found is None else f"{found.detectable:.1f}"


def _groups(judged: Judgement, entry: Entry) -> str:
    rank = judged.ranks.get(entry.key)
    return "" if rank is None else rank.groups


def _whole(judged: Judgement, entry: Entry) -> str:
    interval = judged.interval(entry)
    if interval is not None:
        return str(interval)
    own = judged.evidence.overall(entry)
    return "" if own is None else f"{own.mean:.1f} (one seed)"


def _untuned(board: Board, entry: Entry) -> str:
    """The same entry with the track's own settings."""
    found = board.entry(entry.name)
    overall = found and (found.average or found.delta_m(board.reference))
    return str(overall or "")


def _signed(found: Interval | None) -> str:
    return "" if found is None else found.signed


def _least(board: Board, entry: Entry) -> str:
    """The least Δm of those with one task left out."""
    rest = [entry.delta_m(board.reference, name) for name in board.tasks]
    least = min((found.mean for found in rest if found), default=None)
    return "" if least is None else f"{least:+.1f}"


def _falls(found: Mapping[str, Comparison] | None) -> str:
    """How many, and the deepest with its interval."""
    if not found:
        return "" if found is None else "0"
    task, deepest = min(found.items(), key=lambda item: item[1].gain.mean)
    return f"{len(found)}, {task} {_signed(deepest.gain)}"


def _seeds(entry: Entry) -> str:
    lost = f", {len(entry.stand_ins)} of them diverged" if entry.stand_ins else ""
    return f"{len(entry.seeds)}{lost}"


def _settings(tuned: Tuned) -> str:
    said = ", ".join(f"{name} {value:g}" for name, value in tuned.values.items())
    return f"{said} †" if tuned.edge else said
