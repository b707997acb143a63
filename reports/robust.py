"""What an outlier hardly moves: the interquartile mean and the profile over tasks and seeds.

Both as Agarwal et al. (2021, "Deep Reinforcement Learning at the Edge of the Statistical
Precipice", section 4) define them, over all scores of an entry, a score for every task and seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import trim_mean

from seesaw.reports.board import Entry
from seesaw.tasks.families.sums import Vector

THRESHOLDS = tuple(range(0, 101, 5))
"""Points at which profiles are stored."""


def iqm(entry: Entry) -> float:
    """The mean of the middle half of all scores, in points."""
    return float(trim_mean(_scores(entry), 0.25))


def profile(entry: Entry, thresholds: Sequence[float] = THRESHOLDS) -> list[float]:
    """The share of scores above each of some thresholds; all tasks weigh the same."""
    return [float((_scores(entry) > least).mean()) for least in thresholds]


def _scores(entry: Entry) -> Vector:
    return np.array([score for record in entry.runs for score in record.scores().values()])
