"""What every image comes to, in numbers that scores are computed from; made in many processes.

Nothing here imports torch, which those processes would have to load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seesaw.tasks.families.dense.metrics import FAMILIES, DenseMetric
from seesaw.tasks.families.dense.sample import Array, Images

COLUMNS = ["split", "task", "family", "row", "statistics"]
Labels = Mapping[str, Array]
Predictions = Mapping[str, Array]


class Measured:
    """Statistics of one image: (task, family, row, statistics) for every metric."""

    def __init__(self, measures: Mapping[str, Mapping[str, DenseMetric]]) -> None:
        self.measures = measures

    def __call__(self, job: tuple[int, Predictions, Labels, Labels]) -> list[Any]:
        """Row number, predictions, labels and what replaces them in scoring, by task."""
        row, predictions, labels, scored = job
        found = []
        for task, families in self.measures.items():
            for family, metric in families.items():
                own = labels if metric.on_training_label else {**labels, **scored}
                found.append((task, family, row, metric.statistics(predictions[task], own[task])))
        return found


@dataclass(frozen=True)
class Constant:
    """Statistics of one test image if every pixel is predicted the same."""

    images: Images
    values: Mapping[str, Array]
    measured: Measured

    def __call__(self, row: int) -> list[Any]:
        """Of the image `row`."""
        sample = self.images[row]
        shape = sample.image.shape[:2]
        maps = {
            task: np.broadcast_to(value, (*shape, *value.shape))
            for task, value in self.values.items()
        }
        return self.measured((row, maps, sample.labels, sample.scored))


def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
    """Values of `metrics` from the statistics of one task on one split."""
    found: dict[str, float] = {}
    for family, own in outcomes.groupby("family", observed=True):
        found |= FAMILIES[str(family)].values(np.sum(np.stack(own["statistics"].tolist()), axis=0))
    return {name: found.get(name, 0.0) for name in metrics}
