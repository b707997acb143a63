"""Metrics of boundaries: odsF in both dialects, and the weighted loss."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from typing_extensions import override

from seesaw.tasks.families.dense.boundaries import COARSE, GRIDS, Counts, Dialect, count
from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape, whole
from seesaw.tasks.families.dense.sample import IGNORE, Array
from seesaw.tasks.families.dense.thinning import thin


class EdgeBCE:
    """`edge_bce`: weighted binary cross-entropy of logits (H, W), mean over all pixels.

    Edge pixels weigh 0.95 and others 0.05, as in the training loss.
    """

    on_training_label = True
    WEIGHT = 0.95
    size = 2

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

    def of_label(self, label: Array) -> Vector:
        """Pixels that count."""
        return np.array([(label != IGNORE).sum()], np.float64)

    def label_part(self, statistics: Vector) -> Vector:
        """Pixels that count."""
        return statistics[1:]

    def possible(self, statistics: Vector) -> bool:
        """A loss is anything where there is a pixel."""
        return bool(statistics[1] or not statistics[0])

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The mean over all pixels."""
        return {"edge_bce": float(total[0] / max(1.0, total[1]))}


class Boundaries:
    """`edge_odsF` and `edge_oisF` of predictions (H, W) against boundary masks, see `boundaries`.

    Args:
        max_distance: tolerance as a share of the image's diagonal.
        coarse: a twentieth between thresholds instead of a hundredth.
        logits: predictions are logits, else probabilities.
    """

    on_training_label = False
    dialect: ClassVar[Dialect] = "seism"

    def __init__(self, max_distance: float, coarse: bool = False, logits: bool = True) -> None:
        self.max_distance, self.logits = max_distance, logits
        self.thresholds = COARSE if coarse else GRIDS[self.dialect]

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Matched and all boundary pixels by threshold, and those at the image's best one.

        Raises:
            ValueError: shapes differ.
        """
        probabilities = prediction.astype(np.float64)
        if self.logits:
            probabilities = 1 / (1 + np.exp(-probabilities))
        found = count(probabilities, [label == 1], self.max_distance, self.dialect, self.thresholds)
        return np.concatenate((found.best().table().ravel(), found.table().ravel())).astype(float)

    @property
    def size(self) -> int:
        """Four counts at the best threshold and at every one."""
        return 4 * (1 + len(self.thresholds))

    def of_label(self, label: Array) -> Vector:
        """Thinned boundary pixels, at the best threshold and at every one."""
        return np.full(1 + len(self.thresholds), thin(label == 1).sum(), np.float64)

    def label_part(self, statistics: Vector) -> Vector:
        """Boundary pixels of the label, at the best threshold and at every one."""
        best, pooled = _parted(statistics)
        return np.concatenate((best.labelled, pooled.labelled)).astype(np.float64)

    def possible(self, statistics: Vector) -> bool:
        """No more is matched than there is, and the best threshold is one of them all."""
        best, own = _parted(statistics)
        return (
            whole(statistics)
            and bool((own.recalled <= own.labelled).all())
            and bool((own.confirmed <= own.predicted).all())
            and np.array_equal(best.table(), own.best().table())
        )

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The best F of the pooled set, and F pooled at each image's best threshold."""
        best, pooled = _parted(total)
        return {"edge_odsF": float(pooled.f().max()), "edge_oisF": float(best.f()[0])}


class SuppressedBoundaries(Boundaries):
    """`edge_odsF_nms` and `edge_oisF_nms`: the same after edge non-maximum suppression."""

    dialect = "nms"

    @override
    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        return {f"{name}_nms": value for name, value in Boundaries.values(total).items()}


def _parted(statistics: Vector) -> tuple[Counts, Counts]:
    """Counts at the best threshold, and at every one."""
    counts = np.rint(statistics).astype(np.int64)
    return Counts(*counts[:4].reshape(4, 1)), Counts(*counts[4:].reshape(4, -1))
