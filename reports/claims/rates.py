"""Where the best learning rate lies: what the trials of two entries say of it, with their noise.

A trial is run once. How much its score would change with another seed is known from the tuned runs
of the same entry, which are made over seeds; with that, the chance of every trial to be the best
one is a plain integral.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from seesaw.reports.claims.form import Rates
from seesaw.reports.claims.found import LEAST_SEEDS, Placed
from seesaw.reports.claims.verdict import Row, Said
from seesaw.reports.intervals import LEVEL, holm
from seesaw.reports.tuning import Tuning, tunings
from seesaw.suite.records.record import Record
from seesaw.suite.records.tuning import LEARNING_RATE, choose, point
from seesaw.tasks.families.sums import Vector

REACH, STEPS = 8, 2001
"""Standard deviations around all trials, and points of the integral."""


@dataclass(frozen=True)
class Best:
    """Learning rates that were tried, lowest first, and the chance of each to be the best."""

    rates: Vector
    chances: Vector


@dataclass(frozen=True)
class Ratio:
    """One best learning rate over another one: values, lowest first, and their chances."""

    values: Vector
    chances: Vector

    @classmethod
    def of(cls, one: Best, two: Best) -> Ratio:
        """Of two entries whose trials are independent."""
        values = np.divide.outer(one.rates, two.rates).ravel()
        chances = np.multiply.outer(one.chances, two.chances).ravel()
        order = np.argsort(values, kind="stable")
        return cls(values[order], chances[order])

    def quantile(self, share: float) -> float:
        """The least value that is not exceeded with at least this chance."""
        place = int(np.searchsorted(np.cumsum(self.chances), share - 1e-12))
        return float(self.values[min(place, len(self.values) - 1)])

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """What the ratio lies in but for `level`, half of that at each end."""
        return self.quantile(level / 2), self.quantile(1 - level / 2)

    @property
    def p_value(self) -> float:
        """Of a two-sided test for 1."""
        at_most = self.chances[self.values <= 1 + 1e-9].sum()
        at_least = self.chances[self.values >= 1 - 1e-9].sum()
        return float(min(1.0, 2 * min(at_most, at_least)))


def chances(gains: Vector, deviation: float) -> Vector:
    """The chance of each of some trials to be the best, if all were run again.

    Args:
        gains: of trials, (n,); that of one that failed is minus infinity.
        deviation: standard deviation of a gain over seeds.
    """
    finite = gains[np.isfinite(gains)]
    if deviation == 0:
        best = (gains == finite.max()).astype(float)
        return np.asarray(best / best.sum())
    low, high = finite.min() - REACH * deviation, finite.max() + REACH * deviation
    grid = np.linspace(low, high, STEPS)[:, None]
    with np.errstate(invalid="ignore"):
        z = (grid - gains) / deviation
    density, below = np.exp(-(z**2) / 2), ndtr(z)
    others = np.stack([np.delete(below, n, axis=1).prod(1) for n in range(len(gains))], axis=1)
    weight = (density * others).sum(0)
    return np.asarray(weight / weight.sum())


def rate_rows(part: Rates, placed: Mapping[str, Placed], records: Sequence[Record]) -> list[Row]:
    """A row for every pair: the ratio of best rates, and what that says."""
    groups = tunings(records)
    best = {entry: found for entry, own in placed.items() if (found := _best(own, groups))}
    ratios = {
        pair: Ratio.of(best[pair[0]], best[pair[1]])
        for pair in part.pairs
        if pair[0] in best and pair[1] in best
    }
    raised = holm(np.array([own.p_value for own in ratios.values()]))
    p_values = dict(zip(ratios, raised, strict=True))
    rows = []
    for pair in part.pairs:
        what = f"best learning rate of {pair[0]} over that of {pair[1]}"
        if pair not in ratios:
            rows.append(Row(what, "", "not run here"))
            continue
        low, high = ratios[pair].interval()
        value = f"{ratios[pair].quantile(0.5):.2g} ({low:.2g} to {high:.2g})"
        rows.append(Row(what, value, _said(part, ratios[pair], float(p_values[pair]))))
    return rows


def _said(part: Rates, own: Ratio, p_value: float) -> Said:
    low, high = part.ratio
    if part.rule == "rates_within":
        first, last = own.interval()
        if low <= first and last <= high:
            return "confirmed"
        return "refuted" if last < low or high < first else "inconclusive"
    if p_value < LEVEL:
        return "confirmed"
    first, last = own.interval(2 * LEVEL)
    return "equivalent" if low <= first and last <= high else "inconclusive"


def _best(own: Placed, groups: Sequence[Tuning]) -> Best | None:
    """Of an entry, where it has trials and tuned runs over seeds."""
    runs, board = own.entry.records, own.judged.board
    tuned = own.entry.tuned
    for group in groups:
        if tuned is None or len(runs) < LEAST_SEEDS or group.space != tuned.space:
            continue
        if (group.track, group.budget) != (board.track, board.budget):
            continue
        trials = group.entries.get(own.entry.name, [])
        choice = choose(trials, group.reference)
        spread = [run.gain_on_dev(group.reference) for run in runs]
        if choice is None or len(choice.gains) < tuned.trials or None in spread:
            continue
        rates = {
            point(t).number: point(t).values[LEARNING_RATE] * t.learning_rate_factor for t in trials
        }
        order = sorted(rates, key=lambda number: rates[number])
        gains = [choice.gains[number] for number in order]
        finite = np.array([-np.inf if gain is None else gain for gain in gains])
        deviation = float(np.std(np.array(spread, float), ddof=1))
        return Best(np.array([rates[number] for number in order]), chances(finite, deviation))
    return None
