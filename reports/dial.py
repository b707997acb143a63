"""The dial of conflict: what entries score the more a track's tasks contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tabulate import tabulate

from seesaw.reports.board import Board, Entry
from seesaw.reports.boards import shared
from seesaw.reports.judgement import Judgement
from seesaw.reports.markup import link, plain
from seesaw.suite.records.spec import CANONICAL, dial_of, played_on, track_of

CONFLICT = "conflict"
INTRODUCTION = """\
Averages (95 %) by the share of conflict between the tasks, on boards that are alike but for that
dial. Entries are those at two points or more."""


@dataclass(frozen=True)
class Curve:
    """The boards of one track and budget that are alike but for the dial, by what it is at."""

    track: str
    size: str
    boards: Mapping[float, Judgement]

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.track} by conflict, {self.size}"

    @property
    def name(self) -> str:
        """Safe as a file name."""
        first = next(iter(self.boards.values())).board
        return f"{first.name}-conflict"

    def entries(self) -> dict[str, dict[float, Entry]]:
        """By name, those at two points or more."""
        found: dict[str, dict[float, Entry]] = {}
        for conflict, judged in self.boards.items():
            for entry in judged.board.entries:
                found.setdefault(entry.name, {})[conflict] = entry
        return {name: own for name, own in sorted(found.items()) if len(own) > 1}


def curves(found: Iterable[Judgement], dials: Mapping[str, float]) -> list[Curve]:
    """All that have two points or more, in the order of boards.

    Args:
        found: boards, judged.
        dials: where a track's dial is unless it is turned, by `name@version`.
    """
    groups: dict[str, dict[float, Judgement]] = {}
    for judged in found:
        board = judged.board
        if (at := conflict_of(board.track, dials)) is not None and board.has_average:
            groups.setdefault(_but_for_dial(board), {}).setdefault(at, judged)
    return [_curve(own) for own in groups.values() if len(own) > 1]


def _curve(found: Mapping[float, Judgement]) -> Curve:
    first = found[min(found)].board
    return Curve(track_of(first.track), first.size, dict(sorted(found.items())))


def conflict_of(slug: str, dials: Mapping[str, float]) -> float | None:
    """What the dial of a track is at, which its slug need not say; None without one."""
    turned = dial_of(slug)
    return dials.get(track_of(slug)) if turned is None else turned


def _but_for_dial(board: Board) -> str:
    """What boards of one curve have alike: all but the data, which the dial is part of."""
    alike = shared(board.example)
    del alike["data_sha256"]
    rest = board.track.removeprefix(played_on(board.track))
    return CANONICAL.encode([track_of(board.track), rest, board.size, alike])


def section(curve: Curve) -> str:
    """A table with a row for every entry."""
    entries, points = curve.entries(), list(curve.boards)
    header = ["entry", *(f"{CONFLICT} {at:g}" for at in points)]
    rows = [
        [plain(name), *(_cell(curve.boards[at], own.get(at)) for at in points)]
        for name, own in entries.items()
    ]
    table = tabulate(rows, header, tablefmt="github", disable_numparse=True)
    picture = "!" + link(f"{curve.title}", f"figures/{curve.name}.svg")
    return f"## {plain(curve.title)}\n\n{INTRODUCTION}\n\n{table}\n\n{picture}"


def _cell(judged: Judgement, entry: Entry | None) -> str:
    if entry is None:
        return ""
    return str(judged.interval(entry) or entry.average)
