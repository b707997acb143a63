"""What every image comes to, in numbers that scores are computed from; made in many processes.

Nothing here imports torch, which those processes would have to load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seesaw.tasks.families.dense.metrics import FAMILIES, DenseMetric
from seesaw.tasks.families.dense.sample import Array, Images

Labels = Mapping[str, Array]
Predictions = Mapping[str, Array]


class Measured:
    """Statistics of one image: (task, family, row, statistics) for every metric."""

    def __init__(self, measures: Mapping[str, Mapping[str, DenseMetric]]) -> None:
        self.measures = measures

    def __call__(self, job: tuple[int, Predictions, Labels, Labels]) -> list[Any]:
        """Row number, predictions, labels and what replaces them in scoring, by task."""
        row, predictions, labels, scored = job
        return [
            (task, family, row, metric.statistics(predictions[task], label))
            for task, family, metric, label in self.each(labels, scored)
        ]

    def each(self, labels: Labels, scored: Labels) -> Iterator[tuple[str, str, DenseMetric, Array]]:
        """Every task and metric family, with the label that it is scored against."""
        for task, families in self.measures.items():
            for family, metric in families.items():
                own = labels if metric.on_training_label else {**labels, **scored}
                yield task, family, metric, own[task]


@dataclass(frozen=True)
class Constant:
    """Statistics of one test image if every pixel is predicted the same."""

    images: Images
    values: Mapping[str, Array]
    measured: Measured

    def __call__(self, row: int) -> list[Any]:
        """The rows of the image `row`."""
        sample = self.images[row]
        shape = sample.image.shape[:2]
        maps = {
            task: np.broadcast_to(value, (*shape, *value.shape))
            for task, value in self.values.items()
        }
        return self.measured((row, maps, sample.labels, sample.scored))


@dataclass(frozen=True)
class Labelled:
    """What the labels of an image alone say of its statistics: `label_part` of each of them."""

    images: Images
    measured: Measured

    def __call__(self, row: int) -> list[Any]:
        """The rows of the image `row`."""
        sample = self.images[row]
        return [
            (task, family, row, metric.of_label(label))
            for task, family, metric, label in self.measured.each(sample.labels, sample.scored)
        ]


def wrong(metric: DenseMetric, statistics: Any, label: Array) -> str | None:
    """What is wrong with an image's statistics, None if nothing is.

    Args:
        metric: whose they are.
        statistics: as read from outcomes.
        label: what the image's label says of them, `of_label`.
    """
    try:
        vector = np.asarray(statistics, np.float64)
    except (TypeError, ValueError):
        return "hold no numbers"
    if vector.shape != (metric.size,) or not (np.isfinite(vector) & (vector >= 0)).all():
        return "hold numbers that are not those of their metric"
    if not np.array_equal(metric.label_part(vector), label):
        return "are of another label than the data's"
    return None if metric.possible(vector) else "are of no possible prediction"


def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
    """Values of `metrics` from the statistics of one task on one split."""
    found: dict[str, float] = {}
    for family, own in outcomes.groupby("family", observed=True):
        found |= FAMILIES[str(family)].values(np.sum(np.stack(own["statistics"].tolist()), axis=0))
    return {name: found.get(name, 0.0) for name in metrics}
