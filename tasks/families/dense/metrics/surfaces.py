"""Metrics of surfaces: angles between normals, errors of depth."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape, whole
from seesaw.tasks.families.dense.sample import IGNORE, Array


class Normals:
    """Angles between predicted and labelled surface normals (H, W, 3), pooled over valid pixels.

    Both are brought to unit length; a pixel is valid if no component of its label is 255 and its
    label is not zero. The median is read from a histogram, linearly inside a bin.
    """

    on_training_label = False
    WITHIN = (11.25, 22.5, 30.0)
    EDGES: ClassVar[Vector] = np.arange(721) / 4
    """Where the bins of the histogram begin and end, in degrees: a quarter each."""

    @property
    def size(self) -> int:
        """Two sums, pixels within the limits, and the histogram."""
        return 2 + len(self.WITHIN) + len(self.EDGES) - 1

    def valid(self, label: Array) -> Array:
        """Pixels (H, W) that count."""
        truth = label.astype(np.float64)
        return np.asarray((truth != IGNORE).all(-1) & (np.abs(truth).sum(-1) != 0))

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum and squares of the angles, pixels within three limits, and the histogram.

        Raises:
            ValueError: shapes differ, or a valid pixel is not a finite number.
        """
        same_shape(prediction, label)
        truth, valid = label.astype(np.float64), self.valid(label)
        truth, found = truth[valid], prediction[valid].astype(np.float64)
        if not (np.isfinite(found).all() and np.isfinite(truth).all()):
            raise ValueError("normals must be finite numbers wherever the label is valid")
        cosine = (_unit(found) * _unit(truth)).sum(-1)
        angles = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
        bins = len(self.EDGES) - 1
        slots = np.minimum(np.searchsorted(self.EDGES, angles, side="right") - 1, bins - 1)
        within = [float((angles < limit).sum()) for limit in self.WITHIN]
        sums = (float(angles.sum()), float((angles**2).sum()))
        return np.concatenate((sums, within, np.bincount(slots, minlength=bins)))

    def of_label(self, label: Array) -> Vector:
        """Pixels that count."""
        return np.array([self.valid(label).sum()], np.float64)

    def label_part(self, statistics: Vector) -> Vector:
        """Pixels in the histogram."""
        return np.array([self.histogram(statistics).sum()])

    def histogram(self, statistics: Vector) -> Vector:
        """Pixels by angle."""
        return statistics[2 + len(self.WITHIN) :]

    def possible(self, statistics: Vector) -> bool:
        """The sums lie where the histogram lets them, and limits are edges of its bins."""
        histogram, edges = self.histogram(statistics), self.EDGES
        below = np.concatenate(([0.0], histogram.cumsum()))
        within = below[np.searchsorted(edges, self.WITHIN)]
        sums = all(
            (histogram * edges[:-1] ** power).sum() * (1 - 1e-9) <= total
            <= (histogram * edges[1:] ** power).sum() * (1 + 1e-9)
            for power, total in enumerate(statistics[:2], start=1)
        )  # fmt: skip
        return whole(histogram) and sums and np.array_equal(statistics[2 : 2 + len(within)], within)

    @classmethod
    def values(cls, total: Vector) -> dict[str, float]:
        """Mean, median and root mean square in degrees; shares of pixels within three limits."""
        limits = len(cls.WITHIN)
        (angles, squares), within = total[:2], total[2 : 2 + limits]
        histogram = total[2 + limits :]
        count = float(histogram.sum())
        if count == 0:
            return {}
        below = histogram.cumsum()
        at = int(np.searchsorted(below, count / 2))
        inside = (count / 2 - (below[at] - histogram[at])) / histogram[at]
        width = cls.EDGES[at + 1] - cls.EDGES[at]
        found = {
            "normals_mean_deg": angles / count,
            "normals_median_deg": cls.EDGES[at] + inside * width,
            "normals_rmse_deg": (squares / count) ** 0.5,
        }
        shares = zip(cls.WITHIN, within / count, strict=True)
        found |= {f"normals_within_{limit:g}": share for limit, share in shares}
        return {name: float(value) for name, value in found.items()}


class FineNormals(Normals):
    """The same with a finer median: bins are a fortieth of a degree up to 22.5, then wider.

    From 11.25 degrees on a bin is never wider than 1/450 of where it begins, so that the median is
    known that well however its pixels lie, and far better where they lie evenly.
    """

    EDGES = np.concatenate(
        (np.arange(450) / 40, *(np.arange(450, 900) / n for n in (40, 20, 10, 5)), [180.0])
    )


class Depth:
    """`depth_rmse`: root mean square error in metres (H, W), pooled over pixels with a depth."""

    on_training_label = False
    size = 2

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum of squares, and pixels.

        Raises:
            ValueError: shapes differ.
        """
        same_shape(prediction, label)
        valid = np.isfinite(label) & (label > 0)
        errors = prediction[valid].astype(np.float64) - label[valid]
        return np.array([(errors**2).sum(), valid.sum()])

    def of_label(self, label: Array) -> Vector:
        """Pixels with a depth."""
        return np.array([(np.isfinite(label) & (label > 0)).sum()], np.float64)

    def label_part(self, statistics: Vector) -> Vector:
        """Pixels with a depth."""
        return statistics[1:]

    def possible(self, statistics: Vector) -> bool:
        """Errors are anything where there is a pixel."""
        return bool(statistics[1] or not statistics[0])

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The root of the mean."""
        return {"depth_rmse": float((total[0] / max(1.0, total[1])) ** 0.5)}


def _unit(vectors: Vector) -> Vector:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
