"""Intervals and tests over a few seeds and some test items, chosen by simulation.

The mean over seeds varies with seeds, which few degrees of freedom are known of, and with the test
items that all seeds share, of which there are hundreds. Cochran (1964) weighs the quantiles of both
with their variances. `tests/reports/test_coverage.py` shows what that covers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, fdtri, ndtri, polygamma, stdtrit

from seesaw.reports.quantity import Quantity
from seesaw.tasks.families.sums import Vector

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]
LEVEL = 0.05
"""Of two-sided tests; intervals are of the other 95 %."""
LEAST_ENTRIES = 8
"""A board of fewer cannot say how far entries agree in how much their seeds differ: with six, one
of them loud, equal ones were called different on more than one board in twenty."""
MANY = 1e6
"""Degrees of freedom that are as good as all."""
SUREST = -40.0
"""The logarithm of the smallest p-value that is told from 0."""
SMALLEST = 1e-6
"""A variance, over the mean of all, that counts as none: its logarithm would drown the others."""


@dataclass(frozen=True)
class Spread:
    """How uncertain means are, arrays of one shape: the parts that come from seeds and from items.

    `freedom` are the degrees of freedom that the part of the seeds is known with.
    """

    seeds: Vector
    items: Vector
    freedom: Vector

    @classmethod
    def of(cls, quantities: Sequence[Quantity]) -> Spread:
        """Of quantities with two seeds or more, each by itself."""
        counts = np.array([len(own.values) for own in quantities])
        variances = np.array([own.sd or 0.0 for own in quantities]) ** 2
        items = np.array([own.item_variance for own in quantities])
        return cls(variances / counts, items, counts - 1.0)

    @classmethod
    def of_pairs(cls, differences: Mapping[tuple[str, str], Quantity]) -> Spread:
        """Of all paired differences between some entries, which are named by their pairs.

        Among pairs with equally many seeds, of `LEAST_ENTRIES` or more entries, variances over
        seeds that are smaller than is usual there are pulled up.
        """
        own = cls.of(list(differences.values()))
        seeds, freedom = own.seeds.copy(), own.freedom.copy()
        for count in set(own.freedom):
            group = own.freedom == count
            named = {
                n for pair, there in zip(differences, group, strict=True) if there for n in pair
            }
            if len(named) >= LEAST_ENTRIES:
                most = (len(named) - 1) * int(count)
                seeds[group], freedom[group] = pulled_up(own.seeds[group], int(count), most)
        return cls(seeds, own.items, freedom)

    def take(self, places: Sequence[int]) -> Spread:
        """Of some of them."""
        chosen = np.asarray(places, int)
        return Spread(self.seeds[chosen], self.items[chosen], self.freedom[chosen])

    @property
    def error(self) -> Vector:
        """The standard error."""
        return np.sqrt(self.seeds + self.items)

    def reach(self, level: float | Vector = LEVEL) -> Vector:
        """How far a two-sided interval reaches to both sides."""
        half = np.asarray(level) / 2
        total = np.maximum(self.seeds + self.items, np.finfo(float).tiny)
        weighed = -self.seeds * stdtrit(self.freedom, half) - self.items * ndtri(half)
        return np.asarray(weighed / np.sqrt(total))

    def p_values(self, means: Vector) -> Vector:
        """Of two-sided tests for 0: the level at which an interval just ends there."""
        low, high = np.full(means.shape, SUREST), np.zeros(means.shape)
        for _ in range(40):
            middle = (low + high) / 2
            holds = self.reach(np.exp(middle)) > np.abs(means)
            low, high = np.where(holds, middle, low), np.where(holds, high, middle)
        return np.where((means == 0) & (self.error == 0), 1.0, np.exp(high))


def pulled_up(variances: Vector, freedom: int, most: int) -> tuple[Vector, Vector]:
    """Variances over seeds, none smaller than the board lets one expect, and degrees of freedom.

    Smyth (2004) estimates from all of them, each with `freedom` degrees, how far true variances
    differ, and takes the mean of each one's own and the common value. We keep the larger of that
    and its own: a pair that differs by chance little is not believed, one that is loud stays so,
    with its own few degrees of freedom.
    `most` are all degrees of freedom that the board's runs have.
    """
    own = np.maximum(variances, SMALLEST * max(variances.mean(), np.finfo(float).tiny))
    logs = np.log(own) - digamma(freedom / 2) + np.log(freedom / 2)
    beyond = logs.var(ddof=1) - polygamma(1, freedom / 2)
    if beyond <= 0:
        common, prior = own.mean(), np.inf
        moderated = np.full(own.shape, common)
    else:
        prior = 2 * _trigamma_inverse(float(beyond))
        common = np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2))
        moderated = (prior * common + freedom * own) / (prior + freedom)
    loud = own > common * fdtri(freedom, min(prior, MANY), 1 - LEVEL)
    known = np.where(loud, freedom, min(prior + freedom, float(most)))
    return np.maximum(variances, moderated), known


def _trigamma_inverse(value: float) -> float:
    return float(brentq(lambda x: polygamma(1, x) - value, 1e-6, 2 / value + 1))


@dataclass(frozen=True)
class Interval:
    """A mean and how far it is known: 95 %, both kinds of chance counted."""

    mean: float
    low: float
    high: float
    seeds: int
    with_items: bool

    @classmethod
    def of(cls, own: Quantity) -> Interval | None:
        """Of a quantity alone; None with fewer than two seeds."""
        if len(own.values) < 2:
            return None
        return cls.around(own, float(Spread.of([own]).reach()[0]))

    @classmethod
    def around(cls, own: Quantity, reach: float) -> Interval:
        """The mean of a quantity, and as far as an interval reaches to both sides."""
        return cls(
            own.mean, own.mean - reach, own.mean + reach, len(own.values), bool(own.influences)
        )

    def __str__(self) -> str:
        return f"{self.mean:.1f} ({self.low:.1f} to {self.high:.1f})"

    @property
    def signed(self) -> str:
        """In words, of a difference."""
        return f"{self.mean:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def verdicts(means: Vector, spread: Spread, margin: float) -> list[Verdict]:
    """What paired differences, a family that is looked at together, say of one against another.

    *Equivalent* is what lies within the margin on both sides, by two one-sided tests (Schuirmann
    1987), however surely it is not 0; *better* or *worse* is what is surely not 0. Both are held to
    5 % for all the family (Holm); the rest is *inconclusive*.
    """
    apart = holm(spread.p_values(means))
    within = holm(above(margin - np.abs(means), spread))  # at the nearer margin
    return [
        "equivalent" if equal else "inconclusive" if p >= LEVEL else "better" if m > 0 else "worse"
        for m, p, equal in zip(means, apart, within < LEVEL, strict=True)
    ]


def above(means: Vector, spread: Spread) -> Vector:
    """p-values of one-sided tests of whether what the means are of is above 0."""
    one_sided = spread.p_values(means) / 2
    return np.where(means > 0, one_sided, 1 - one_sided)


def holm(p_values: Vector) -> Vector:
    """p-values, each multiplied as Holm (1979) says for a family that is looked at together.

    statsmodels has it too, and collects the whole process's garbage at every call.
    """
    order = np.argsort(p_values)
    raised = p_values[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1)
    return adjusted
