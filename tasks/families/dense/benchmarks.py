"""Tasks scored as in the literature, where that is slower or finer than `task_types` needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense import metrics
from seesaw.tasks.families.dense.colours import grey
from seesaw.tasks.families.dense.metrics import DenseMetric
from seesaw.tasks.families.dense.sample import Array
from seesaw.tasks.families.dense.task import in_eight_bits
from seesaw.tasks.families.dense.task_types import Depth, Edges, Normals

ODS = ("edge_odsF", "edge_oisF", "edge_odsF_nms", "edge_oisF_nms")


@dataclass(frozen=True)
class BenchmarkEdges(Edges):
    """Thresholds a hundredth apart, in both dialects."""

    metrics: tuple[str, ...] = (*ODS, "edge_bce")

    @override
    def measures(self) -> Mapping[str, DenseMetric]:
        return {
            "boundaries": metrics.Boundaries(self.max_distance),
            "boundaries_nms": metrics.SuppressedBoundaries(self.max_distance),
            "edge_bce": metrics.EdgeBCE(),
        }


@dataclass(frozen=True)
class StoredEdges(BenchmarkEdges):
    """Predicts probabilities, which 8 bits can hold; their loss is not that of the logits."""

    metrics: tuple[str, ...] = ODS

    @override
    def predict(self, outputs: Tensor) -> Tensor:
        return torch.sigmoid(outputs[0])

    @override
    def stored(self, prediction: Array, size: tuple[int, int]) -> Array:
        return in_eight_bits(prediction, size) / 255

    @override
    def measures(self) -> Mapping[str, DenseMetric]:
        return {
            "boundaries": metrics.Boundaries(self.max_distance, logits=False),
            "boundaries_nms": metrics.SuppressedBoundaries(self.max_distance, logits=False),
        }

    @override
    def draw(self, values: Array) -> NDArray[np.uint8]:
        return grey(1 - values)

    @override
    def constant(self, labels: list[Array]) -> Array:
        return np.asarray(1 / (1 + np.exp(-super().constant(labels))), np.float32)


@dataclass(frozen=True)
class BenchmarkNormals(Normals):
    """A finer median."""

    @override
    def measures(self) -> Mapping[str, DenseMetric]:
        return {"normals_fine": metrics.FineNormals()}


@dataclass(frozen=True)
class BenchmarkDepth(Depth):
    """Nothing is behind the camera: predictions below 1e-9 metres are that."""

    @override
    def predict(self, outputs: Tensor) -> Tensor:
        return outputs[0].clamp(min=1e-9)
