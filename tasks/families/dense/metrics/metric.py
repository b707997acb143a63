"""What a metric of dense predictions is: numbers per image that add up, and what they come to."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.families.dense.sample import Array

Vector = NDArray[np.float64]


class DenseMetric(Protocol):
    """What every metric here does.

    `on_training_label` says that a prediction is scored against the label that is trained on, even
    where an image has another label for scoring. `size` is the length of the statistics.
    """

    on_training_label: bool

    @property
    def size(self) -> int:
        """Numbers in the statistics of an image."""

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Numbers of one image, to be added up.

        Raises:
            ValueError: shapes differ, or values that mean nothing.
        """

    def of_label(self, label: Array) -> Vector:
        """The `label_part` of every prediction's statistics on this label."""

    def label_part(self, statistics: Vector) -> Vector:
        """Those numbers of an image's statistics that do not depend on the prediction."""

    def possible(self, statistics: Vector) -> bool:
        """Whether numbers that are finite and not negative can be an image's statistics."""

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """Values by metric id, from the sum over all images."""


def whole(numbers: Vector) -> bool:
    """Whether all of them are counts."""
    return bool((numbers == np.rint(numbers)).all())


class Meter:
    """Adds images up, one by one."""

    def __init__(self, metric: DenseMetric) -> None:
        self.metric = metric
        self.total: Vector | float = 0.0

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image."""
        self.total = self.total + self.metric.statistics(prediction, label)

    def compute(self) -> dict[str, float]:
        """Values over all images so far; none without an image."""
        return {} if isinstance(self.total, float) else self.metric.values(self.total)


def same_shape(prediction: Array, label: Array) -> None:
    """Complain if they differ.

    Raises:
        ValueError: they do.
    """
    if prediction.shape != label.shape:
        raise ValueError(f"prediction is {prediction.shape}, its label {label.shape}")
