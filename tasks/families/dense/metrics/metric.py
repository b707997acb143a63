"""What a metric of dense predictions is: numbers per image that add up, and what they come to."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.families.dense.sample import Array

Vector = NDArray[np.float64]


class DenseMetric(Protocol):
    """What every metric here does.

    `on_training_label` if it is scored on what is trained on even where the others are not.
    """

    on_training_label: bool

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Numbers of one image, to be added up.

        Raises:
            ValueError: shapes differ, or values that mean nothing.
        """

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """Values by metric id, from the sum over all images."""


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
