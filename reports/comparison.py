"""Entries against each other: paired differences, verdicts, ranks and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from string import ascii_lowercase

import networkx as nx
import numpy as np

from seesaw.reports.board import SEEDS_FOR_RANKS, Entry
from seesaw.reports.evidence import Evidence
from seesaw.reports.intervals import LEVEL, Interval, Spread, Verdict, holm, verdicts
from seesaw.reports.power import POWER
from seesaw.reports.quantity import Quantity
from seesaw.reports.statistics import MARGIN, TASK_MARGIN
from seesaw.tasks.families.sums import Vector

MOST_RANKED = 60
"""Entries of a board that are told apart in pairs; there are half as many pairs as their square."""


@dataclass(frozen=True)
class Comparison:
    """An entry against another one.

    `gain` is above 0 where the entry is better; `detectable` the least difference that is found
    four times out of five, were it looked at alone.
    """

    gain: Interval
    verdict: Verdict
    detectable: float


class Pairs:
    """All pairs of a board's entries that have an overall score, judged by it.

    How much seeds differ is learnt from all of them, so whatever is asked of some is consistent.
    """

    def __init__(self, evidence: Evidence) -> None:
        found = {entry.key: evidence.overall(entry) for entry in evidence.board.entries}
        self.overall = {key: own for key, own in found.items() if own is not None}
        few = len(self.overall) <= MOST_RANKED
        gains = {
            (one, two): self.overall[one] - self.overall[two]
            for one, two in combinations(self.overall if few else (), 2)
        }
        self.gains = {pair: gain for pair, gain in gains.items() if len(gain.values) > 1}
        self.spread = Spread.of_pairs(self.gains) if self.gains else None
        self.place = {pair: number for number, pair in enumerate(self.gains)}

    def family(self, pairs: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], Family]:
        """Those pairs that there are, either way round, with means and what is known of them."""
        there, places, signs = [], [], []
        for one, two in pairs:
            for pair, sign in (((one, two), 1), ((two, one), -1)):
                if pair in self.place:
                    there.append((one, two))
                    places.append(self.place[pair])
                    signs.append(sign)
        gains = list(self.gains.values())
        chosen = [gains[n] * sign for n, sign in zip(places, signs, strict=True)]
        spread = self.spread.take(places) if self.spread else Spread.of([])
        return there, Family(chosen, spread)

    def against(self, other: str, entries: Iterable[str]) -> Mapping[str, Comparison]:
        """Entries against one, by key: one family of verdicts.

        An entry with fewer than two seeds in common with the other one has no verdict.
        """
        pairs, family = self.family((key, other) for key in entries)
        return dict(zip((key for key, _ in pairs), family.judged(MARGIN), strict=True))


@dataclass(frozen=True)
class Family:
    """Paired differences that are looked at together."""

    gains: Sequence[Quantity]
    spread: Spread

    @property
    def means(self) -> Vector:
        """Of the differences."""
        return np.array([gain.mean for gain in self.gains])

    def judged(self, margin: float) -> list[Comparison]:
        """What is said of each."""
        reach, said = self.spread.reach(), verdicts(self.means, self.spread, margin)
        least = reach + self.spread.reach(2 * (1 - POWER))
        return [
            Comparison(Interval.around(gain, float(half)), verdict, float(smallest))
            for gain, half, verdict, smallest in zip(self.gains, reach, said, least, strict=True)
        ]


def on_tasks(evidence: Evidence, entry: Entry, other: Entry) -> Mapping[str, Comparison]:
    """An entry against another one on every task; all tasks are one family."""
    gains = {task: evidence.gain(entry, other, task) for task in evidence.board.tasks}
    known = {task: gain for task, gain in gains.items() if gain and len(gain.values) > 1}
    if not known:
        return {}
    own = list(known.values())
    return dict(zip(known, Family(own, Spread.of(own)).judged(TASK_MARGIN), strict=True))


@dataclass(frozen=True)
class Rank:
    """The ranks that an entry may have, best first, and the groups that it cannot be told from."""

    best: int
    worst: int
    groups: str

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best} to {self.worst}"


def ranks(evidence: Evidence, pairs: Pairs) -> Mapping[str, Rank]:
    """Ranks by key of the entries with enough seeds; none where there is less than two of them.

    All pairs are one family (Holm), so that all intervals of ranks hold at 95 % together. Two
    entries that share a letter cannot be told apart (compact letters, as Piepho 2004 has them).
    """
    enough = {e.key for e in evidence.board.entries if len(e.seeds) >= SEEDS_FOR_RANKS}
    keys = sorted(enough & {*pairs.overall}, key=lambda key: (-pairs.overall[key].mean, key))
    if len(keys) < 2 or not pairs.gains:
        return {}
    named, family = pairs.family(combinations(keys, 2))
    p_values = holm(family.spread.p_values(family.means))
    apart = {
        (one, two) if mean > 0 else (two, one)
        for (one, two), mean, p in zip(named, family.means, p_values, strict=True)
        if p < LEVEL
    }
    alike: nx.Graph[str] = nx.Graph()
    alike.add_nodes_from(keys)
    alike.add_edges_from(pair for pair in combinations(keys, 2) if not {pair, pair[::-1]} & apart)
    cliques = sorted(sorted(keys.index(key) for key in own) for own in nx.find_cliques(alike))
    return {
        key: Rank(
            best=1 + sum(worse == key for _, worse in apart),
            worst=len(keys) - sum(better == key for better, _ in apart),
            groups=" ".join(_letter(n) for n, own in enumerate(cliques) if keys.index(key) in own),
        )
        for key in keys
    }


def _letter(number: int) -> str:
    rest, place = divmod(number, len(ascii_lowercase))
    return (_letter(rest - 1) if rest else "") + ascii_lowercase[place]
