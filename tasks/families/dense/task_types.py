"""The kinds of dense tasks.

Losses and weights are those of ASTMT and the survey of Vandenhende et al. (arXiv 2004.13379).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from seesaw.tasks.families.dense import metrics, opencv
from seesaw.tasks.families.dense.colours import PALETTE, grey
from seesaw.tasks.families.dense.metrics import DenseMetric
from seesaw.tasks.families.dense.sample import IGNORE, Array
from seesaw.tasks.families.dense.task import DenseTask, in_eight_bits
from seesaw.tasks.task import Unit

FAR = 10.0
"""Depth that is drawn black, in metres."""


@dataclass(frozen=True)
class Segmentation(DenseTask):
    """A class per pixel: cross-entropy, mean over labelled pixels; mIoU."""

    metrics: tuple[str, ...] = ("miou",)

    @property
    def outputs(self) -> int:
        """One per class."""
        assert self.n_classes is not None
        return self.n_classes

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Softmax cross-entropy."""
        if not (labels != IGNORE).any():
            return outputs.sum() * 0.0
        return F.cross_entropy(outputs, labels.long(), ignore_index=IGNORE)

    def predict(self, outputs: Tensor) -> Tensor:
        """Class indices (H, W)."""
        return outputs.argmax(0).to(torch.uint8)

    def measures(self) -> Mapping[str, DenseMetric]:
        """Confusion counts."""
        return {"miou": metrics.MeanIoU(self.outputs)}

    def draw(self, values: Array) -> NDArray[np.uint8]:
        """A colour per class, grey to ignore."""
        return PALETTE[values]

    def constant(self, labels: list[Array]) -> Array:
        """The most frequent class."""
        counts = sum(np.bincount(label.ravel(), minlength=256)[: self.outputs] for label in labels)
        return np.uint8(np.argmax(counts))  # type: ignore[return-value]

    def stored(self, prediction: Array, size: tuple[int, int]) -> Array:
        """The nearest class."""
        return opencv.resize(prediction, "nearest", size)


@dataclass(frozen=True)
class Saliency(DenseTask):
    """Foreground or not: cross-entropy balanced by the batch's share of background."""

    metrics: tuple[str, ...] = ("sal_miou_maxthr", "sal_maxF_b1", "sal_maxF_b03")
    weight: float = 5.0

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Positives weigh the share of negatives over the batch, and the other way round."""
        logits, labels = outputs[:, 0], labels.to(outputs.device)
        valid = labels != IGNORE
        if not valid.any():
            return outputs.sum() * 0.0
        share = ((labels == 0) & valid).sum() / valid.sum()
        return _balanced(logits[valid], labels[valid] == 1, share)

    def predict(self, outputs: Tensor) -> Tensor:
        """Probabilities (H, W)."""
        return torch.sigmoid(outputs[0])

    def measures(self) -> Mapping[str, DenseMetric]:
        """Counts at every threshold."""
        return {"saliency": metrics.Saliency()}

    def draw(self, values: Array) -> NDArray[np.uint8]:
        """White is salient."""
        return grey(values)

    def constant(self, labels: list[Array]) -> Array:
        """Everything is salient: nothing at all would score 0."""
        return np.float32(1)  # type: ignore[return-value]

    def stored(self, prediction: Array, size: tuple[int, int]) -> Array:
        """Probabilities in 8 bits."""
        return in_eight_bits(prediction, size) / 255


@dataclass(frozen=True)
class Edges(DenseTask):
    """Boundaries: cross-entropy with edge pixels weighing 0.95; odsF and the same loss.

    odsF is read off thresholds a twentieth apart, which is quick; see `benchmarks`.
    """

    metrics: tuple[str, ...] = ("edge_odsF", "edge_oisF", "edge_bce")
    weight: float = 50.0
    max_distance: float = 0.0075

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Weighted cross-entropy over all labelled pixels."""
        valid = labels != IGNORE
        if not valid.any():
            return outputs.sum() * 0.0
        share = outputs.new_tensor(metrics.EdgeBCE.WEIGHT)
        return _balanced(outputs[:, 0][valid], labels[valid] == 1, share)

    def predict(self, outputs: Tensor) -> Tensor:
        """Logits (H, W)."""
        return outputs[0]

    def measures(self) -> Mapping[str, DenseMetric]:
        """Matched boundary pixels at every threshold, and the sum of losses."""
        matched = metrics.Boundaries(self.max_distance, coarse=True)
        return {"boundaries": matched, "edge_bce": metrics.EdgeBCE()}

    def draw(self, values: Array) -> NDArray[np.uint8]:
        """Black is a boundary; labels are 0 or 1, predictions logits."""
        if values.dtype != np.uint8:
            values = 1 / (1 + np.exp(-values.astype(np.float64)))
        return grey(1 - values)

    def constant(self, labels: list[Array]) -> Array:
        """Everything is a boundary, with the loss's own probability."""
        edges = sum(int((label == 1).sum()) for label in labels)
        others = sum(int((label == 0).sum()) for label in labels)
        weight = metrics.EdgeBCE.WEIGHT
        odds = max(weight * edges, 1e-6) / max((1 - weight) * others, 1e-6)
        return np.float32(np.log(odds))  # type: ignore[return-value]


@dataclass(frozen=True)
class Normals(DenseTask):
    """Unit normals: L1 between normalised outputs and labels, mean over labelled elements."""

    metrics: tuple[str, ...] = (
        "normals_mean_deg", "normals_median_deg", "normals_rmse_deg",
        "normals_within_11.25", "normals_within_22.5", "normals_within_30",
    )  # fmt: skip
    unit: Unit = "degrees"
    lower_is_better: bool = True
    weight: float = 10.0

    channels = 3

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """L1 of unit vectors, over the number of labelled elements (survey)."""
        valid = (labels != 0).any(-1)
        if not valid.any():
            return outputs.sum() * 0.0
        unit = F.normalize(outputs, dim=1).movedim(1, -1)
        return F.l1_loss(unit[valid], labels[valid])

    def predict(self, outputs: Tensor) -> Tensor:
        """Unit vectors (H, W, 3)."""
        return F.normalize(outputs, dim=0).movedim(0, -1)

    def measures(self) -> Mapping[str, DenseMetric]:
        """Angles."""
        return {"normals": metrics.Normals()}

    def draw(self, values: Array) -> NDArray[np.uint8]:
        """x, y, z from -1 to 1 as red, green, blue; black where there is no surface."""
        known = (values != 0).any(-1, keepdims=True)
        return np.asarray(np.where(known, 127.5 * (values + 1), 0), np.uint8)

    def constant(self, labels: list[Array]) -> Array:
        """The mean direction."""
        total = np.sum([label.reshape(-1, 3).sum(0, dtype=np.float64) for label in labels], axis=0)
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def stored(self, prediction: Array, size: tuple[int, int]) -> Array:
        """Components from -1 to 1 in 8 bits."""
        return 2.0 * in_eight_bits((prediction + 1) / 2, size) / 255 - 1


@dataclass(frozen=True)
class NormalsInPoints(Normals):
    """The same task reported as the share of pixels within 11.25 degrees, which is in points."""

    metrics: tuple[str, ...] = (
        "normals_within_11.25", "normals_within_22.5", "normals_within_30",
        "normals_mean_deg", "normals_median_deg", "normals_rmse_deg",
    )  # fmt: skip
    unit: Unit = "points"
    lower_is_better: bool = False

    def constant(self, labels: list[Array]) -> Array:
        """The most frequent direction, on a grid of tenths: the mean one may be nobody's."""
        grid = (21, 21, 21)
        counts = np.zeros(21**3, np.int64)
        for label in labels:
            tenths = np.rint(10 * label[(label != 0).any(-1)] + 10).astype(np.int64)
            cells = np.ravel_multi_index(tuple(tenths.T), grid)
            counts += np.bincount(cells, minlength=len(counts))
        return np.asarray(np.unravel_index(counts.argmax(), grid), np.float32) / 10 - 1


@dataclass(frozen=True)
class Depth(DenseTask):
    """Depth in metres: L1, mean over labelled pixels; root mean square error over the set."""

    metrics: tuple[str, ...] = ("depth_rmse",)
    unit: Unit = "metres"
    lower_is_better: bool = True

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """L1."""
        valid = labels > 0
        if not valid.any():
            return outputs.sum() * 0.0
        return F.l1_loss(outputs[:, 0][valid], labels[valid])

    def predict(self, outputs: Tensor) -> Tensor:
        """Metres (H, W)."""
        return outputs[0]

    def measures(self) -> Mapping[str, DenseMetric]:
        """Squared errors."""
        return {"depth": metrics.Depth()}

    def draw(self, values: Array) -> NDArray[np.uint8]:
        """Near is white, `FAR` metres black."""
        return grey(1 - np.clip(values / FAR, 0, 1))

    def constant(self, labels: list[Array]) -> Array:
        """The mean depth."""
        valid = np.concatenate([label[label > 0] for label in labels])
        return np.float32(valid.mean())  # type: ignore[return-value]


def _balanced(logits: Tensor, positive: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy, `weight` for positives and 1 - `weight` for the others; the mean."""
    losses = F.binary_cross_entropy_with_logits(logits, positive.float(), reduction="none")
    return torch.where(positive, weight, 1 - weight).mul(losses).mean()
