"""Metrics of regions: mean intersection over union."""

from __future__ import annotations

import numpy as np

from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape, whole
from seesaw.tasks.families.dense.sample import IGNORE, Array


class MeanIoU:
    """`miou`: intersection over union pooled over the set, mean over all classes.

    A class that is in no label and no prediction has IoU 0, as in the toolchains. Labels (H, W) are
    class indices or 255; predictions (H, W) class indices.
    """

    on_training_label = False

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Pixels by label and prediction, (classes * classes,).

        Raises:
            ValueError: shapes differ, or a class is out of range.
        """
        same_shape(prediction, label)
        valid = label != IGNORE
        truth, found = label[valid].astype(np.int64), prediction[valid].astype(np.int64)
        for name, classes in (("label", truth), ("prediction", found)):
            if classes.size and not 0 <= classes.min() <= classes.max() < self.n_classes:
                raise ValueError(
                    f"{name} holds class {classes.max()}; there are classes 0 ... "
                    f"{self.n_classes - 1}, and {IGNORE} to ignore a pixel"
                )
        counts = np.bincount(truth * self.n_classes + found, minlength=self.n_classes**2)
        return counts.astype(np.float64)

    @property
    def size(self) -> int:
        """A count for every pair of classes."""
        return self.n_classes**2

    def of_label(self, label: Array) -> Vector:
        """Pixels of every class."""
        counts = np.bincount(label[label != IGNORE], minlength=self.n_classes)
        return counts.astype(np.float64)

    def label_part(self, statistics: Vector) -> Vector:
        """Pixels by label, whatever is predicted there."""
        return np.asarray(statistics.reshape(self.n_classes, -1).sum(1))

    def possible(self, statistics: Vector) -> bool:
        """Counts are."""
        return whole(statistics)

    @staticmethod
    def per_class(total: Vector) -> Vector:
        """IoU of every class."""
        confusion = total.reshape(2 * [round(len(total) ** 0.5)])
        hits = np.diag(confusion)
        union = confusion.sum(0) + confusion.sum(1) - hits
        return np.asarray(hits / np.maximum(union, 1e-8))

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The mean over classes."""
        return {"miou": float(MeanIoU.per_class(total).mean())}
