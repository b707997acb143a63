"""Metrics of surfaces: angles between normals, errors of depth."""

from __future__ import annotations

import numpy as np

from seesaw.tasks.families.dense.metrics.metric import Vector, same_shape
from seesaw.tasks.families.dense.sample import IGNORE, Array


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
        same_shape(prediction, label)
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


class Depth:
    """`depth_rmse`: root mean square error in metres (H, W), pooled over pixels with a depth."""

    on_training_label = False

    def statistics(self, prediction: Array, label: Array) -> Vector:
        """Sum of squares, and pixels.

        Raises:
            ValueError: shapes differ.
        """
        same_shape(prediction, label)
        valid = np.isfinite(label) & (label > 0)
        errors = prediction[valid].astype(np.float64) - label[valid]
        return np.array([(errors**2).sum(), valid.sum()])

    @staticmethod
    def values(total: Vector) -> dict[str, float]:
        """The root of the mean."""
        return {"depth_rmse": float((total[0] / max(1.0, total[1])) ** 0.5)}


def _unit(vectors: Vector) -> Vector:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))
