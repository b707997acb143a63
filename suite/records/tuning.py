"""What trials say: which settings came out best, and by how much. Free of torch, as tables are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned

LEARNING_RATE = "learning_rate"
"""What is tuned of every method; it is the recipe's, no option."""


@dataclass(frozen=True)
class Choice:
    """The best point of one entry's trials, and every trial's gain by number.

    A gain is `Record.gain_on_dev` over LoRA with the track's own settings, None of a trial that
    failed.
    """

    best: Tuned
    gains: Mapping[int, float | None]


def point(record: Record) -> Tuned:
    """The point that a trial, or a tuned run, is made at."""
    assert record.spec.tuned is not None
    return record.spec.tuned


def choose(trials: Sequence[Record], reference: Record) -> Choice | None:
    """The point with the highest gain, the first of those that are equal; None if all failed.

    It is said to be at the edge where no other trial had a lower, or a higher, learning rate.
    """
    points = {point(record).number: point(record) for record in trials}
    gains = {
        point(record).number: record.gain_on_dev(reference) if record.status == "ok" else None
        for record in trials
    }
    known = {number: gain for number, gain in gains.items() if gain is not None}
    if not known:
        return None
    best = points[max(known, key=lambda number: (known[number], -number))]
    rates = [own.values[LEARNING_RATE] for own in points.values()]
    edge = best.values[LEARNING_RATE] in (min(rates), max(rates))
    return Choice(best.model_copy(update={"trial": False, "edge": edge}), gains)
