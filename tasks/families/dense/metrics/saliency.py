"""Metrics of saliency maps, in the dialects of both toolchains."""

from __future__ import annotations

import numpy as np

from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape, whole
from seesaw.tasks.families.dense.sample import IGNORE, Array


class Saliency:
    """Saliency maps (H, W), in [0, 1] or 8-bit, against labels 0, 1 or 255, at many thresholds.

    `sal_miou_maxthr`: mean over images of the foreground's IoU, 1 where both are empty, the best of
    15 thresholds. `sal_maxF_b1`: F of mean precision and mean recall over images, best of the same
    (survey). `sal_maxF_b03`: F with beta^2 = 0.3 of precision and recall pooled over the set, best
    of thresholds 0.05 apart (ATRC, TaskPrompter). `sal_maxF_b03_double_sigmoid`: the same as the
    public code of TaskPrompter has it, which takes the sigmoid of a probability.
    """

    on_training_label = False
    # k / 20 and v / 255 are both rounded once: where they are equal as fractions, they are here
    PER_IMAGE = np.arange(4, 19) / 20
    POOLED = np.arange(0, 20) / 20
    TWICE = np.log(np.maximum(POOLED, 1e-300) / (1 - POOLED))
    size = 1 + 3 * len(PER_IMAGE) + 4 * len(POOLED) + 1

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """1, sums per threshold over images (IoU, precision, recall), and pooled counts.

        Raises:
            ValueError: shapes differ, or the prediction is no probability.
        """
        same_shape(prediction, label)
        if prediction.dtype == np.uint8:
            prediction = prediction / 255
        if not np.isfinite(prediction).all() or prediction.min() < 0 or prediction.max() > 1:
            raise ValueError("a saliency map must hold probabilities in [0, 1]")
        valid = label != IGNORE
        truth, values = label[valid] == 1, prediction[valid].astype(np.float64)
        hits, found = _counts_above(values, truth, self.PER_IMAGE)
        union = found + truth.sum() - hits
        iou = np.where(union == 0, 1.0, hits / np.maximum(union, 1))
        own = (iou, hits / (found + 1e-12), hits / (truth.sum() + 1e-12))
        pooled = _counts_above(values, truth, self.POOLED)
        twice = _counts_above(values, truth, self.TWICE)
        return np.concatenate(([1.0], *own, *pooled, *twice, [truth.sum()]))

    def of_label(self, label: Array) -> Vector:
        """One image, and its salient pixels."""
        return np.array([1.0, (label == 1).sum()])

    def label_part(self, statistics: Vector) -> Vector:
        """One image, and its salient pixels."""
        return statistics[[0, -1]]

    def possible(self, statistics: Vector) -> bool:
        """Shares are at most 1, and no more is hit than is found or than there is."""
        split = 1 + 3 * len(self.PER_IMAGE)
        counts, truth = statistics[split:-1], statistics[-1]
        hits, found, hits_twice, found_twice = counts.reshape(4, -1)
        return (
            whole(counts)
            and bool((statistics[1:split] <= 1).all())
            and bool((np.stack((hits, hits_twice)) <= np.stack((found, found_twice))).all())
            and bool(max(hits.max(), hits_twice.max()) <= truth)
        )

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The best of the thresholds, each metric its own."""
        images, truth = total[0], total[-1]
        split = len(Saliency.PER_IMAGE)
        iou, precision, recall = (total[1 : 1 + 3 * split] / images).reshape(3, split)
        even = 2 * precision * recall / (precision + recall + 1e-12)
        hits, found, hits_twice, found_twice = total[1 + 3 * split : -1].reshape(4, -1)
        return {
            "sal_miou_maxthr": float(iou.max()),
            "sal_maxF_b1": float(even.max()),
            "sal_maxF_b03": _max_f(hits, found, truth),
            "sal_maxF_b03_double_sigmoid": _max_f(hits_twice, found_twice, truth),
        }


def _max_f(hits: Vector, found: Vector, truth: float) -> float:
    """The best F with beta^2 = 0.3."""
    precision, recall = hits / np.maximum(found, 1), hits / max(truth, 1)
    mixed = np.maximum(0.3 * precision + recall, 1e-12)
    return float((1.3 * precision * recall / mixed).max())


def _counts_above(values: Vector, truth: Array, thresholds: Vector) -> tuple[Vector, Vector]:
    """True positives and positives of `values` > t for every t, in one pass."""
    bins = np.searchsorted(thresholds, values, side="left")  # thresholds below each value
    size = len(thresholds) + 1

    def above(chosen: Array) -> Vector:
        counts = np.bincount(chosen, minlength=size).astype(np.float64)
        return np.asarray(counts[::-1].cumsum()[::-1][1:])

    return above(bins[truth]), above(bins)
