"""Metrics of dense predictions: numbers per image that add up over a set, then values.

A set is never held: an image gives a vector of `statistics`, vectors are summed, and the sum gives
`values` by metric id. Dialects of one metric have ids of their own, since their values must not be
mixed. Values are fractions, angles are degrees. Sources: the toolchains of ASTMT, the survey of
Vandenhende et al. (arXiv 2004.13379), ATRC and TaskPrompter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.dense.boundaries import COARSE, GRIDS, Counts, Dialect, count
from tasks.dense.sample import IGNORE, Array

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
        return counts.astype(np.float64)

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

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """1, sums per threshold over images (IoU, precision, recall), and pooled counts.

        Raises:
            ValueError: shapes differ, or the prediction is no probability.
        """
        _same_shape(prediction, label)
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


class Normals:
    """Angles between predicted and labelled surface normals (H, W, 3), pooled over valid pixels.

    Both are brought to unit length; a pixel is valid if no component of its label is 255 and its
    label is not zero. The median is read from a histogram, linearly inside a quarter of a degree.
    """

    on_training_label = False
    WIDTH = 0.25
    """Of a bin of the histogram, in degrees."""
    WITHIN = (11.25, 22.5, 30.0)

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum and squares of the angles, pixels within three limits, and the histogram.

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
        bins = round(180 / self.WIDTH)
        slots = np.minimum((angles / self.WIDTH).astype(np.int64), bins - 1)
        within = [float((angles < limit).sum()) for limit in self.WITHIN]
        sums = (float(angles.sum()), float((angles**2).sum()))
        return np.concatenate((sums, within, np.bincount(slots, minlength=bins)))

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """Mean, median and root mean square in degrees; shares of pixels within three limits."""
        limits = len(Normals.WITHIN)
        (angles, squares), within = total[:2], total[2 : 2 + limits]
        histogram = total[2 + limits :]
        count = float(histogram.sum())
        if count == 0:
            return {}
        below = histogram.cumsum()
        at = int(np.searchsorted(below, count / 2))
        inside = (count / 2 - (below[at] - histogram[at])) / histogram[at]
        found = {
            "normals_mean_deg": angles / count,
            "normals_median_deg": (at + inside) * Normals.WIDTH,
            "normals_rmse_deg": (squares / count) ** 0.5,
        }
        shares = zip(Normals.WITHIN, within / count, strict=True)
        found |= {f"normals_within_{limit:g}": share for limit, share in shares}
        return {name: float(value) for name, value in found.items()}


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
        _same_shape(prediction, label)
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


class Depth:
    """`depth_rmse`: root mean square error in metres (H, W), pooled over pixels with a depth."""

    on_training_label = False

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum of squares, and pixels.

        Raises:
            ValueError: shapes differ.
        """
        _same_shape(prediction, label)
        valid = np.isfinite(label) & (label > 0)
        errors = prediction[valid].astype(np.float64) - label[valid]
        return np.array([(errors**2).sum(), valid.sum()])

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The root of the mean."""
        return {"depth_rmse": float((total[0] / max(1.0, total[1])) ** 0.5)}


FAMILIES: Mapping[str, type[DenseMetric]] = {
    "miou": MeanIoU,
    "saliency": Saliency,
    "normals": Normals,
    "boundaries": Boundaries,
    "boundaries_nms": SuppressedBoundaries,
    "edge_bce": EdgeBCE,
    "depth": Depth,
}
"""By the name their statistics are stored under."""


def _unit(vectors: Vector) -> Vector:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _same_shape(prediction: Array, label: Array) -> None:
    if prediction.shape != label.shape:
        raise ValueError(f"prediction is {prediction.shape}, its label {label.shape}")
