"""Two entries of a board against each other: every pair, overall and on every task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from seesaw.reports.board import Entry
from seesaw.reports.comparison import Comparison, on_tasks
from seesaw.reports.judgement import Judgement
from seesaw.reports.statistics import MARGIN

MOST = 16
"""Entries of a board that are compared in pairs, the best first."""


@dataclass(frozen=True)
class Pair:
    """What `one` gains over `other`."""

    one: Entry
    other: Entry
    whole: Comparison
    tasks: Mapping[str, Comparison]


@dataclass(frozen=True)
class Compared:
    """Entries, best first, and the pairs of them by their places."""

    entries: Sequence[Entry]
    pairs: Mapping[tuple[int, int], Pair]

    def anchor(self, one: Entry, other: Entry) -> str | None:
        """Of the row on their page that compares two entries; None where there is none."""
        place = {entry.key: n for n, entry in enumerate(self.entries)}
        key = tuple(sorted(place.get(entry.key, -1) for entry in (one, other)))
        return f"p{key[0]}-{key[1]}" if key in self.pairs else None


def compared(judged: Judgement) -> Compared:
    """All pairs of the best entries that have two seeds in common; one family of verdicts."""
    known = judged.pairs.overall
    ordered = sorted(
        (entry for entry in judged.board.entries if entry.key in known),
        key=lambda entry: (-known[entry.key].mean, entry.name),
    )[:MOST]
    place = {entry.key: n for n, entry in enumerate(ordered)}
    named, family = judged.pairs.family(combinations(place, 2))
    found = {}
    for (one, other), whole in zip(named, family.judged(MARGIN), strict=True):
        a, b = ordered[place[one]], ordered[place[other]]
        found[place[one], place[other]] = Pair(a, b, whole, on_tasks(judged.evidence, a, b))
    return Compared(ordered, found)
