"""The least difference that paired runs over a few seeds can show."""

from __future__ import annotations

from scipy.special import nctdtrinc
from scipy.stats import t

from seesaw.reports.intervals import LEVEL

POWER = 0.8
"""The chance to find a difference of the least size that is said to be found."""


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
