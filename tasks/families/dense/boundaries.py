"""odsF: boundaries matched one to one within a tolerance, at many thresholds (Martin et al., 2004).

A port of what the field computes with the `seism` and BSDS tools, without MATLAB. Both dialects of
reading a prediction have ids of their own: "seism" takes p >= t as it is, "nms" first thins ridges
by edge non-maximum suppression and takes p > t (ATRC, InvPT, TaskPrompter).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, laplace, map_coordinates

from seesaw.tasks.families.dense.matching import match
from seesaw.tasks.families.dense.thinning import Mask, thin
from seesaw.tasks.parallel import mapped

THRESHOLDS = tuple(round(0.01 * k, 2) for k in range(1, 100))
COARSE = tuple(round(0.05 * k, 2) for k in range(1, 20))
"""A twentieth apart: about five times faster."""
Dialect = Literal["seism", "nms"]
GRIDS: Mapping[Dialect, tuple[float, ...]] = {
    "seism": THRESHOLDS,
    "nms": (0.001, *THRESHOLDS, 0.999),
}
"""Thresholds of both dialects; the best is on the grid, not interpolated between its points."""
Map = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """Boundary pixels by threshold: those of labels, those matched, and the same of predictions."""

    labelled: NDArray[np.int64]
    recalled: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confirmed: NDArray[np.int64]

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(self.table() + other.table()))

    def table(self) -> NDArray[np.int64]:
        """All four as rows (4, thresholds)."""
        return np.stack((self.labelled, self.recalled, self.predicted, self.confirmed))

    def best(self) -> Counts:
        """The counts at one threshold, the first of those with the best F."""
        at = int(self.f().argmax())
        return Counts(*self.table()[:, at : at + 1])

    def f(self) -> NDArray[np.float64]:
        """F of precision and recall at every threshold; 0 where nothing is matched."""
        recall = self.recalled / np.maximum(self.labelled, 1)
        precision = self.confirmed / np.maximum(self.predicted, 1)
        return np.asarray(2 * recall * precision / np.maximum(recall + precision, 1e-12))


def ods_and_ois(counts: Sequence[Counts]) -> dict[str, float]:
    """`edge_odsF`, the best F of the pooled set; `edge_oisF`, pooled at each image's best.

    Raises:
        ValueError: there are no images.
    """
    if not counts:
        raise ValueError("no images: odsF needs at least one")
    pooled = reduce(add, counts)
    best = reduce(add, (own.best() for own in counts))
    return {"edge_odsF": float(pooled.f().max()), "edge_oisF": float(best.f()[0])}


def outlines(labels: NDArray[np.generic]) -> Mask:
    """Boundaries of the regions of a label map (H, W), as they are scored: half a pixel, thinned.

    A pixel is on a boundary if the one to its right, below it or below to its right has another
    label. This is not what networks are trained on, see `laplacian`.
    """
    found = np.zeros(labels.shape, bool)
    found[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    found[:-1] |= labels[:-1] != labels[1:]
    found[:-1, :-1] |= labels[:-1, :-1] != labels[1:, 1:]
    return thin(found)


def laplacian(labels: NDArray[np.generic]) -> Mask:
    """What networks are trained on: where a Laplacian of the label map is not zero, thinned."""
    return thin(laplace(labels.astype(np.float64), mode="mirror") != 0)


def count_all(
    pairs: Iterable[tuple[Map, Sequence[Mask]]],
    max_distance: float,
    dialect: Dialect = "seism",
    thresholds: Sequence[float] = THRESHOLDS,
    processes: int = 1,
) -> Iterator[Counts]:
    """`count` for every (prediction, labels) pair, in `processes` processes."""
    one = partial(_count, max_distance=max_distance, dialect=dialect, thresholds=thresholds)
    return mapped(one, pairs, processes)


def _count(
    pair: tuple[Map, Sequence[Mask]],
    max_distance: float,
    dialect: Dialect,
    thresholds: Sequence[float],
) -> Counts:
    return count(*pair, max_distance, dialect, thresholds)


def count(
    prediction: Map,
    labels: Sequence[Mask],
    max_distance: float,
    dialect: Dialect = "seism",
    thresholds: Sequence[float] = THRESHOLDS,
) -> Counts:
    """Match the boundaries of one image at every threshold.

    Args:
        prediction: probabilities (H, W) in [0, 1].
        labels: boundaries (H, W) of one or several annotators. With several, recall adds up over
            them and a predicted pixel is confirmed if any of them has it (the rule of BSDS).
        max_distance: tolerance as a share of the diagonal, 0.0075 on PASCAL and 0.011 on NYUD.
        dialect: how a prediction is read.
        thresholds: increasing.

    Raises:
        ValueError: shapes differ, or the prediction is no probability.
    """
    for label in labels:
        if label.shape != prediction.shape:
            raise ValueError(f"prediction is {prediction.shape}, its label {label.shape}")
    if not np.isfinite(prediction).all() or prediction.min() < 0 or prediction.max() > 1:
        raise ValueError("a boundary map must hold probabilities in [0, 1]")
    reach = max_distance * float(np.hypot(*prediction.shape))
    truths = [np.argwhere(thin(label)) for label in labels]
    strength = suppressed(prediction) if dialect == "nms" else prediction
    rows: list[tuple[int, int, int]] = []
    before: Mask | None = None
    for threshold in thresholds:
        binary = strength > threshold if dialect == "nms" else strength >= threshold
        if before is not None and np.array_equal(binary, before):
            rows.append(rows[-1])
        else:
            rows.append(_matched(np.argwhere(thin(binary)), truths, reach))
        before = binary
    recalled, predicted, confirmed = (np.array(column) for column in zip(*rows, strict=True))
    labelled = np.full(len(thresholds), sum(len(truth) for truth in truths))
    return Counts(labelled, recalled, predicted, confirmed)


def _matched(
    found: NDArray[np.int64], truths: Sequence[NDArray[np.int64]], reach: float
) -> tuple[int, int, int]:
    """Matched label pixels, predicted pixels, and those of them that anyone confirms."""
    confirmed = np.zeros(len(found), bool)
    recalled = 0
    for truth in truths:
        # which pixels are matched matters only if others may confirm the rest
        partners = match(truth, found, reach, nearest=len(truths) > 1)
        recalled += int((partners >= 0).sum())
        confirmed[partners[partners >= 0]] = True
    return recalled, len(found), int(confirmed.sum())


def suppressed(prediction: Map) -> Map:
    """Edge non-maximum suppression as in Dollar's toolbox (radius 1, border 5, factor 1.01).

    The orientation comes from second derivatives of the map smoothed by a triangle of radius 4.
    """
    smooth = _triangle(prediction, 4)
    down, across = np.gradient(smooth)
    xy, xx = np.gradient(across)
    yy, _ = np.gradient(down)
    angle = np.mod(np.arctan(yy * np.sign(-xy) / (xx + 1e-5)), np.pi)
    step = np.array([np.sin(angle), np.cos(angle)])
    here = np.indices(prediction.shape, dtype=float)
    kept = prediction.copy()
    for side in (-1, 1):
        beside = map_coordinates(prediction, here + side * step, order=1, mode="nearest")
        kept[prediction * 1.01 < beside] = 0
    for k in range(5):  # fade the border out
        for line in (np.s_[k], np.s_[-1 - k], np.s_[:, k], np.s_[:, -1 - k]):
            kept[line] *= k / 5
    return np.asarray(kept)


def _triangle(values: Map, radius: int) -> Map:
    ramp = np.arange(1, radius + 1, dtype=float)
    kernel = np.concatenate((ramp, [radius + 1], ramp[::-1]))
    kernel /= kernel.sum()
    for axis in (0, 1):
        values = convolve1d(values, kernel, axis=axis, mode="reflect")
    return np.asarray(values)
