"""Metrics of dense predictions, streaming over a set: one `update` per image, then `compute`.

Dialects of one metric have ids of their own, since their values must not be mixed. Values are
fractions, angles are degrees. Sources: the toolchains of ASTMT, the survey of Vandenhende et al.
(arXiv 2004.13379), ATRC and TaskPrompter.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

IGNORE = 255
"""Label of pixels that count for nothing."""
Array = NDArray[np.generic]


class DenseMetric(Protocol):
    """What every metric here does."""

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image."""

    def compute(self) -> dict[str, float]:
        """Values by metric id over all images so far."""


class MeanIoU:
    """`miou`: intersection over union pooled over the set, mean over all classes.

    A class that is in no label and no prediction has IoU 0, as in the toolchains. Labels (H, W) are
    class indices or 255; predictions (H, W) class indices.
    """

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes
        self.confusion = np.zeros((n_classes, n_classes), np.int64)

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image.

        Raises:
            ValueError: shapes differ, or a class is out of range.
        """
        _same_shape(prediction, label)
        valid = label != IGNORE
        truth, found = label[valid].astype(np.int64), prediction[valid].astype(np.int64)
        for name, classes in (("label", truth), ("prediction", found)):
            if classes.size and not 0 <= classes.min() <= classes.max() < self.n_classes:
                raise ValueError(
                    f"{name} holds class {classes.max()}; there are classes 0 ... "
                    f"{self.n_classes - 1}, and {IGNORE} to ignore a pixel"
                )
        counts = np.bincount(truth * self.n_classes + found, minlength=self.n_classes**2)
        self.confusion += counts.reshape(self.confusion.shape)

    def per_class(self) -> NDArray[np.float64]:
        """IoU of every class."""
        hits = np.diag(self.confusion)
        union = self.confusion.sum(0) + self.confusion.sum(1) - hits
        return np.asarray(hits / np.maximum(union, 1e-8))

    def compute(self) -> dict[str, float]:
        """The mean over classes."""
        return {"miou": float(self.per_class().mean())}


class Saliency:
    """Saliency maps (H, W) in [0, 1] against labels 0, 1 or 255, at many thresholds.

    `sal_miou_maxthr`: mean over images of the foreground's IoU, 1 where both are empty, the best of
    15 thresholds. `sal_maxF_b1`: F of mean precision and mean recall over images, best of the same
    (survey). `sal_maxF_b03`: F with beta^2 = 0.3 of precision and recall pooled over the set, best
    of thresholds 0.05 apart (ATRC, TaskPrompter, without the second sigmoid of their code).
    """

    PER_IMAGE = np.linspace(0.2, 0.9, 15)
    POOLED = np.arange(0.0, 1.0, 0.05)

    def __init__(self) -> None:
        self.images = 0
        self.iou, self.precision, self.recall = (np.zeros(len(self.PER_IMAGE)) for _ in range(3))
        self.hits, self.found, self.truth = (np.zeros(len(self.POOLED)) for _ in range(3))

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image.

        Raises:
            ValueError: shapes differ, or the prediction is no probability.
        """
        _same_shape(prediction, label)
        if not np.isfinite(prediction).all() or prediction.min() < 0 or prediction.max() > 1:
            raise ValueError("a saliency map must hold probabilities in [0, 1]")
        valid = label != IGNORE
        truth, values = label[valid] == 1, prediction[valid]
        hits, found = _counts_above(values, truth, self.PER_IMAGE)
        union = found + truth.sum() - hits
        self.iou += np.where(union == 0, 1.0, hits / np.maximum(union, 1))
        self.precision += hits / (found + 1e-12)
        self.recall += hits / (truth.sum() + 1e-12)
        self.images += 1
        hits, found = _counts_above(values, truth, self.POOLED)
        self.hits, self.found = self.hits + hits, self.found + found
        self.truth += truth.sum()

    def compute(self) -> dict[str, float]:
        """The best of the thresholds, each metric its own."""
        n = max(1, self.images)
        precision, recall = self.precision / n, self.recall / n
        even = 2 * precision * recall / (precision + recall + 1e-12)
        pooled_precision = self.hits / np.maximum(self.found, 1)
        pooled_recall = self.hits / np.maximum(self.truth, 1)
        mixed = 0.3 * pooled_precision + pooled_recall
        pooled = 1.3 * pooled_precision * pooled_recall / np.maximum(mixed, 1e-12)
        return {
            "sal_miou_maxthr": float((self.iou / n).max()),
            "sal_maxF_b1": float(even.max()),
            "sal_maxF_b03": float(pooled.max()),
        }


def _counts_above(
    values: Array, truth: Array, thresholds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True positives and positives of `values` > t for every t, in one pass."""
    bins = np.searchsorted(thresholds, values, side="left")  # thresholds below each value
    size = len(thresholds) + 1

    def above(chosen: Array) -> NDArray[np.float64]:
        counts = np.bincount(chosen, minlength=size).astype(np.float64)
        return np.asarray(counts[::-1].cumsum()[::-1][1:])

    return above(bins[truth]), above(bins)


class Normals:
    """Angles between predicted and labelled surface normals (H, W, 3), pooled over valid pixels.

    Both are brought to unit length; a pixel is valid if no component of its label is 255 and its
    label is not zero. The median is exact to a hundredth of a degree.
    """

    WIDTH = 0.01
    """Of a bin of the histogram the median is read from, in degrees."""
    WITHIN = (11.25, 22.5, 30.0)

    def __init__(self) -> None:
        self.histogram = np.zeros(round(180 / self.WIDTH) + 1, np.int64)
        self.total = self.squares = 0.0
        self.within = np.zeros(len(self.WITHIN))

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image.

        Raises:
            ValueError: shapes differ, or a valid pixel is not a finite number.
        """
        _same_shape(prediction, label)
        truth = label.astype(np.float64)
        valid = (truth != IGNORE).all(-1) & (np.abs(truth).sum(-1) != 0)
        truth, found = truth[valid], prediction[valid].astype(np.float64)
        if not (np.isfinite(found).all() and np.isfinite(truth).all()):
            raise ValueError("normals must be finite numbers wherever the label is valid")
        cosine = (_unit(found) * _unit(truth)).sum(-1)
        angles = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
        self.histogram += np.bincount(
            np.round(angles / self.WIDTH).astype(np.int64), minlength=len(self.histogram)
        )
        self.total += float(angles.sum())
        self.squares += float((angles**2).sum())
        self.within += [(angles < limit).sum() for limit in self.WITHIN]

    def compute(self) -> dict[str, float]:
        """Mean, median and root mean square in degrees; shares of pixels within three limits."""
        count = int(self.histogram.sum())
        if count == 0:
            return {}
        median = int(np.searchsorted(self.histogram.cumsum(), (count + 1) // 2)) * self.WIDTH
        values = {
            "normals_mean_deg": self.total / count,
            "normals_median_deg": median,
            "normals_rmse_deg": (self.squares / count) ** 0.5,
        }
        for limit, share in zip(self.WITHIN, self.within / count, strict=True):
            values[f"normals_within_{limit:g}"] = float(share)
        return values


class EdgeBCE:
    """`edge_bce`: weighted binary cross-entropy of logits (H, W), mean over all pixels.

    Edge pixels weigh 0.95 and others 0.05, as in the training loss.
    """

    WEIGHT = 0.95

    def __init__(self) -> None:
        self.total, self.pixels = 0.0, 0

    def update(self, prediction: Array, label: Array) -> None:
        """Add one image.

        Raises:
            ValueError: shapes differ.
        """
        _same_shape(prediction, label)
        valid = label != IGNORE
        logits, edges = prediction[valid].astype(np.float64), label[valid] == 1
        softplus = np.logaddexp(0.0, np.where(edges, -logits, logits))
        self.total += float((np.where(edges, self.WEIGHT, 1 - self.WEIGHT) * softplus).sum())
        self.pixels += int(valid.sum())

    def compute(self) -> dict[str, float]:
        """The mean over all pixels."""
        return {"edge_bce": self.total / max(1, self.pixels)}


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _same_shape(prediction: Array, label: Array) -> None:
    if prediction.shape != label.shape:
        raise ValueError(f"prediction is {prediction.shape}, its label {label.shape}")
