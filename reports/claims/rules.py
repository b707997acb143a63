"""The rules: what stored runs say to one part of a claim on one track."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seesaw.reports.claims.cell import Cell, Facts
from seesaw.reports.claims.form import (
    Compared,
    Counted,
    Depth,
    Front,
    Pair,
    Part,
    Rates,
    Trend,
)
from seesaw.reports.claims.found import Chosen, Placed, Stored, behind, chosen
from seesaw.reports.claims.quantities import (
    alone,
    change,
    gains_of,
    known,
    overall,
    shared_by_depth,
)
from seesaw.reports.claims.rates import rate_rows
from seesaw.reports.claims.verdict import Finding, Region, Row, Said, judged, together
from seesaw.reports.intervals import Interval
from seesaw.reports.quantity import Quantity, apart

REGIONS: Mapping[str, Region] = {
    "better": "above",
    "not_worse": "not below",
    "equivalent": "within",
    "rises": "above",
    "falls": "above",
    "flat": "within",
}


@dataclass(frozen=True)
class Asked:
    """One track of a part, with the runs that were chosen for it."""

    facts: Mapping[str, Facts]
    track: str
    stored: Stored
    chosen: Chosen

    def placed(self, entry: str) -> Placed | None:
        """An entry of the part, trained on the whole track."""
        return self.chosen.placed.get(Cell.of(entry, self.facts[self.track]))

    def pairs(self, named: Mapping[Pair, Pair]) -> dict[Pair, tuple[Placed, Placed]]:
        """Those of the named pairs of entries that both have runs."""
        found = {name: (self.placed(one), self.placed(two)) for name, (one, two) in named.items()}
        return {name: (a, b) for name, (a, b) in found.items() if a and b}


def finding(part: Part, track: str, facts: Mapping[str, Facts], stored: Stored) -> Finding:
    """What stored runs say to a part on one of its tracks."""
    own = chosen(stored, part.cells(facts, track), part.seeds, part.tuned)
    rows = JUDGES[type(part)](part, Asked(facts, track, stored, own))
    return Finding(
        track=track,
        rows=rows,
        said=together([row.said for row in rows], part.need),
        tuned=own.tuned,
        records=behind(own.placed.values()),
        missing=own.missing,
    )


def _compared(part: Compared, asked: Asked) -> list[Row]:
    there, family = gains_of(asked.pairs({pair: pair for pair in part.pairs}), part.measure)
    found = dict(zip(there, judged(family, REGIONS[part.rule], part.margin), strict=True))
    return [_row(f"{one} over {two}", found.get((one, two))) for one, two in part.pairs]


def _trend(part: Trend, asked: Asked) -> list[Row]:
    what = part.entry if part.over is None else f"{part.entry} over {part.over}"
    gains, tracks = [], set()
    for point in part.points:
        own, over = part.at(point, asked.facts, asked.track)
        tracks.add(own.track)
        gains.append(_gain(asked.chosen.placed, own, over, part))
    there = [gain for gain in gains if gain is not None]
    if len(there) < len(gains):
        return [_row(what, None)]
    if len(tracks) > 1:
        there = apart(there)
    first, *rest = (
        gain * float(weight)
        for gain, weight in zip(there, change([p.at for p in part.points]), strict=True)
    )
    total = sum(rest, first)
    return [_row(what, _judged(total, part.rule == "falls", REGIONS[part.rule], part.margin))]


def _gain(
    placed: Mapping[Cell, Placed], own: Cell, over: Cell | None, part: Trend
) -> Quantity | None:
    """The score at a point, or what it is over that of another entry."""
    if own not in placed or (score := overall(placed[own], part.scored)) is None:
        return None
    if over is None:
        return score
    other = overall(placed[over], part.scored) if over in placed else None
    return None if other is None else score - other


def _depth(part: Depth, asked: Asked) -> list[Row]:
    own = asked.placed(part.entry)
    moved = None if own is None else shared_by_depth(own)
    found = None if moved is None else _judged(moved, True, "above", part.margin)
    return [_row(f"share of shared experts in {part.entry}", found)]


def _judged(
    own: Quantity, falls: bool, region: Region, margin: float
) -> tuple[Interval, Said] | None:
    """One quantity that is to rise, to fall or to stay; its interval as it is."""
    if not known(own):
        return None
    ((turned, said),) = judged(alone([own * (-1 if falls else 1)]), region, margin)
    return Interval.around(own, turned.high - turned.mean), said


def _counted(part: Counted, asked: Asked) -> list[Row]:
    counts = [_count(part, asked, entry) for entry in part.pair]
    what = f"{part.count} of {part.pair[0]} over {part.pair[1]}"
    if counts[0] is None or not counts[1]:
        return [_row(what, None)]
    ratio = counts[0] / counts[1]
    return [Row(what, f"{ratio:.3f}", "confirmed" if ratio <= part.times else "refuted")]


def _count(part: Counted, asked: Asked, entry: str) -> float | None:
    if part.count == "step":
        label = Cell(asked.track, (), 0, entry).label
        own = [s for s in asked.stored.speed if (s.track, s.variant) == (asked.track, label)]
        newest = max(own, key=lambda speed: speed.provenance.started, default=None)
        return None if newest is None else newest.ratio_to_lora
    placed = asked.placed(entry)
    counts = placed.entry.records[0].parameters if placed else None
    return None if counts is None else counts.adapter


def _front(part: Front, asked: Asked) -> list[Row]:
    own = asked.placed(part.entry)
    if own is None or any(asked.placed(entry) is None for entry in part.among):
        return [_row(f"{part.entry} over those that take no more operations", None)]
    there = asked.pairs({(part.entry, entry): (part.entry, entry) for entry in part.among})
    cheap = {pair: (a, b) for pair, (a, b) in there.items() if _operations(b) <= _operations(a)}
    if not cheap:
        return [Row(f"{part.entry} takes the fewest operations", "", "confirmed")]
    named, family = gains_of(cheap, "score")
    found = dict(zip(named, judged(family, "above", part.margin), strict=True))
    # as good for no more operations leaves no room on the front
    return [_row(f"{pair[0]} over {pair[1]}", found.get(pair), dominated=True) for pair in cheap]


def _operations(own: Placed) -> float:
    cost = own.entry.records[0].cost
    assert cost is not None  # every ok record has it
    return cost.flops_train


def _rates(part: Rates, asked: Asked) -> list[Row]:
    placed = {entry: asked.placed(entry) for entry in part.entries}
    there = {entry: own for entry, own in placed.items() if own is not None}
    return rate_rows(part, there, asked.stored.records)


def _row(what: str, found: tuple[Interval, Said] | None, dominated: bool = False) -> Row:
    if found is None:
        return Row(what, "", "not run here")
    interval, said = found
    if dominated and said == "equivalent":
        said = "refuted"
    return Row(what, f"{interval.signed}, {interval.seeds} seeds", said)


JUDGES: Mapping[type[Part], Callable[[Any, Asked], list[Row]]] = {
    Compared: _compared,
    Trend: _trend,
    Depth: _depth,
    Counted: _counted,
    Front: _front,
    Rates: _rates,
}
