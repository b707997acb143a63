"""Metrics of boundaries: odsF in both dialects, and the weighted loss."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from seesaw.tasks.families.dense.boundaries import COARSE, GRIDS, Counts, Dialect, count
from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape
from seesaw.tasks.families.dense.sample import IGNORE, Array


class EdgeBCE:
    """`edge_bce`: weighted binary cross-entropy of logits (H, W), mean over all pixels.

    Edge pixels weigh 0.95 and others 0.05, as in the training loss.
    """

    on_training_label = True
    WEIGHT = 0.95

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum of the losses, and pixels.

        Raises:
            ValueError: shapes differ.
        """
        same_shape(prediction, label)
        valid = label != IGNORE
        logits, edges = prediction[valid].astype(np.float64), label[valid] == 1
        softplus = np.logaddexp(0.0, np.where(edges, -logits, logits))
        losses = np.where(edges, self.WEIGHT, 1 - self.WEIGHT) * softplus
        return np.array([losses.sum(), valid.sum()])

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The mean over all pixels."""
        return {"edge_bce": float(total[0] / max(1.0, total[1]))}


class Boundaries:
    """`edge_odsF` and `edge_oisF` of logits (H, W) against boundary masks, see `boundaries`.

    Args:
        max_distance: tolerance as a share of the image's diagonal.
        coarse: a twentieth between thresholds instead of a hundredth.
    """

    on_training_label = False
    dialect: ClassVar[Dialect] = "seism"

    def __init__(self, max_distance: float, coarse: bool = False) -> None:
        self.max_distance = max_distance
        self.thresholds = COARSE if coarse else GRIDS[self.dialect]

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Matched and all boundary pixels by threshold, and those at the image's best one.

        Raises:
            ValueError: shapes differ.
        """
        probabilities = 1 / (1 + np.exp(-prediction.astype(np.float64)))
        found = count(probabilities, [label == 1], self.max_distance, self.dialect, self.thresholds)
        return np.concatenate((found.best().table().ravel(), found.table().ravel())).astype(float)

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The best F of the pooled set, and F pooled at each image's best threshold."""
        counts = np.rint(total).astype(np.int64)
        best, pooled = Counts(*counts[:4].reshape(4, 1)), Counts(*counts[4:].reshape(4, -1))
        return {"edge_odsF": float(pooled.f().max()), "edge_oisF": float(best.f()[0])}


class SuppressedBoundaries(Boundaries):
    """`edge_odsF_nms` and `edge_oisF_nms`: the same after edge non-maximum suppression."""

    dialect = "nms"

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """See `Boundaries.values`."""
        return {f"{name}_nms": value for name, value in Boundaries.values(total).items()}
