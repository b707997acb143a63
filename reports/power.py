"""What paired differences over a few seeds can and cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from scipy.special import nctdtrinc
from scipy.stats import t

LEVEL = 0.05
"""Of a two-sided test; intervals are of the other 95 %."""
POWER = 0.8
"""The chance to find a difference of the least size that is said to be found."""


@dataclass(frozen=True)
class Interval:
    """The mean of `n` differences and its two-sided t-interval."""

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, differences: Sequence[float]) -> Interval | None:
        """Interval of the mean of at least two differences; None of fewer."""
        n = len(differences)
        if n < 2:
            return None
        half = _limit(n) * stdev(differences) / n**0.5
        return cls(mean(differences), mean(differences) - half, mean(differences) + half, n)

    def __str__(self) -> str:
        return f"{self.mean:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


def detectable(sd: float, pairs: int) -> float:
    """The least true difference that a two-sided paired t-test finds four times out of five.

    Found is a difference of the right sign; the chance of the other one is below a millionth.

    Args:
        sd: standard deviation of the paired differences.
        pairs: how many of them are seen, 2 or more.
    """
    return sd * float(nctdtrinc(pairs - 1, 1 - POWER, _limit(pairs))) / pairs**0.5


def _limit(pairs: int) -> float:
    """What t must exceed."""
    return float(t.ppf(1 - LEVEL / 2, pairs - 1))
