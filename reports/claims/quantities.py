"""What is read off stored runs for a rule: scores, gains, changes along points, use of experts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

import numpy as np

from seesaw.reports.claims.form import Pair
from seesaw.reports.claims.found import LEAST_SEEDS, Placed
from seesaw.reports.comparison import Family
from seesaw.reports.intervals import Spread
from seesaw.reports.quantity import Quantity, average
from seesaw.suite.records.record import Record
from seesaw.tasks.families.sums import Vector

PERCENT = 100


def overall(own: Placed, scored: Sequence[str] = ()) -> Quantity | None:
    """The overall score of an entry, or its mean over some tasks; None where it has none."""
    evidence = own.judged.evidence
    if not scored:
        return evidence.overall(own.entry)
    tasks, results = evidence.tasks(own.entry), own.judged.board.example.tasks
    if any(name not in tasks or results[name].unit != "points" for name in scored):
        return None
    return average(tasks[name] for name in scored)


def entropy(own: Placed) -> Quantity | None:
    """How evenly experts are used, in percent of what is possible, mean over places."""
    values = {
        record.spec.seed: PERCENT * mean(place.entropy for place in record.routing.values())
        for record in own.entry.records
        if record.routing
    }
    return Quantity(values) if values else None


def shared_by_depth(own: Placed) -> Quantity | None:
    """The change, first place to last, in the share of the gate that shared experts get, percent.

    Along the line through the shares at all places; None for an entry without such experts.
    """
    values = {}
    for record in own.entry.records:
        shares = _shared(record)
        if len(shares) > 1:
            line = change(range(len(shares)))
            values[record.spec.seed] = PERCENT * float(line @ np.array(shares))
    return Quantity(values) if values else None


def _shared(record: Record) -> list[float]:
    """By place, in the model's order; shared experts stand last."""
    count = record.spec.config.get("always") or 0
    return [sum(place.load[-count:]) for place in record.routing.values()] if count else []


def change(at: Sequence[float]) -> Vector:
    """Weights of values at some points: how the least-squares line changes over all of them."""
    x = np.array(at, float)
    centred = x - x.mean()
    return np.asarray(centred / (centred**2).sum() * (x.max() - x.min()))


def known(gain: Quantity | None) -> bool:
    """Whether there are enough seeds to judge a quantity by."""
    return gain is not None and len(gain.values) >= LEAST_SEEDS


def alone(gains: Sequence[Quantity]) -> Family:
    """Differences that are looked at together, each with its own spread."""
    return Family(gains, Spread.of(gains))


def gains_of(
    pairs: Mapping[Pair, tuple[Placed, Placed]], measure: str
) -> tuple[list[Pair], Family]:
    """Those pairs that have a difference, and the family of their differences.

    Scores on one board are judged by what is known of the spread of all its entries, as there.
    """
    boards = {id(own.judged) for both in pairs.values() for own in both}
    if measure == "score" and len(boards) == 1:
        by_key = {(a.entry.key, b.entry.key): pair for pair, (a, b) in pairs.items()}
        (judged, *_) = (own.judged for both in pairs.values() for own in both)
        there, family = judged.pairs.family(by_key)
        return [by_key[keys] for keys in there], family
    read = entropy if measure == "entropy" else overall
    found = {}
    for pair, (one, two) in pairs.items():
        own, other = read(one), read(two)
        gain = None if own is None or other is None else own - other
        if gain is not None and known(gain):
            found[pair] = gain
    return list(found), alone(list(found.values()))
