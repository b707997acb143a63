"""How far scores move if the test items are drawn again, and nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seesaw.suite.records.record import TaskResult
from seesaw.tasks.families.scoring import Scoring

RESAMPLES = 200
"""A standard deviation of so many values is off by 5 % (one over the root of twice as many)."""
STREAM = 20_240_229
"""Where the generator of draws starts: its own, so that equal outcomes give equal numbers."""


def item_covariance(
    outcomes: pd.DataFrame,
    tasks: Mapping[str, TaskResult],
    scoring: type[Scoring],
    resamples: int = RESAMPLES,
) -> NDArray[np.float64]:
    """Covariance (tasks, tasks) of the primary test scores, in their units, over resampled items.

    An item is a row number of the test split, and comes with all that is stored of it. Tasks of
    equally many items get the same draws, so that what they share, as all tasks of an image do,
    moves them together.
    """
    test = outcomes[outcomes["split"] == "test"]
    columns = []
    for name, result in tasks.items():
        own = test[test["task"] == name].reset_index(drop=True)
        rows = own["row"].to_numpy()
        starts = np.unique(np.sort(rows), return_index=True)[1]
        items = np.split(np.argsort(rows, kind="stable"), starts[1:])
        generator = np.random.default_rng([STREAM, len(items)])
        draws = generator.integers(len(items), size=(resamples, len(items)))
        columns.append([_score(own, items, draw, result, scoring) for draw in draws])
    return np.atleast_2d(np.cov(np.array(columns)))


def _score(
    outcomes: pd.DataFrame,
    items: list[NDArray[np.intp]],
    draw: NDArray[np.int64],
    result: TaskResult,
    scoring: type[Scoring],
) -> float:
    drawn = outcomes.iloc[np.concatenate([items[item] for item in draw])]
    return result.shown(scoring.values(drawn, [result.primary]))
