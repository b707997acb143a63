"""From samples to network inputs: pipelines of the field, each with its own augmentation.

Arrays go in and out; randomness comes from the generator that is handed in and from nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense.opencv import How
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample, form
from seesaw.tasks.families.dense.task import DenseTask, as_array

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PARTS = "human_parts"
"""The task whose background counts only beside a person."""


@dataclass(frozen=True)
class Pipeline(ABC):
    """Samples to inputs of one size (h, w), and outputs back to the image's own size."""

    size: tuple[int, int]

    @abstractmethod
    def train(self, sample: Sample, rng: Generator) -> Sample:
        """An augmented sample of `size`."""

    def test(self, sample: Sample) -> Sample:
        """The sample's image at `size`, without labels."""
        return resized(replace(sample, labels={}, scored={}), self.size)

    def back(self, outputs: Tensor, native: tuple[int, int]) -> Tensor:
        """Outputs (channels, *size) of one image at its own size."""
        if tuple(outputs.shape[-2:]) == tuple(native):
            return outputs
        return F.interpolate(outputs[None], native, mode="bilinear")[0]

    def predicted(self, task: DenseTask, outputs: Tensor, native: tuple[int, int]) -> Array:
        """Outputs (channels, *size) of one image as what the task's metrics take, at its size."""
        return as_array(task.predict(self.back(outputs, native)))


def network_input(images: Sequence[Array]) -> Tensor:
    """Images (H, W, 3) of one size, 0 ... 255, as a normalised batch (batch, 3, H, W)."""
    batch = torch.from_numpy(np.stack(images)).movedim(-1, 1).float() / 255
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, DEVIATION))
    return (batch - mean) / deviation


def flipped(sample: Sample) -> Sample:
    """Left and right exchanged, and with them the sign of the normals' x."""
    labels = {task: np.ascontiguousarray(y[:, ::-1]) for task, y in sample.labels.items()}
    for task, label in labels.items():
        if form(label) == "vectors":
            labels[task] = label * np.array([-1, 1, 1], np.float32)
    return replace(
        sample, image=np.ascontiguousarray(sample.image[:, ::-1]), labels=labels, scored={}
    )


@dataclass(frozen=True)
class Plain(Pipeline):
    """A flip in half of the cases, and the whole image brought to the size."""

    @override
    def train(self, sample: Sample, rng: Generator) -> Sample:
        return resized(flipped(sample) if rng.random() < 0.5 else sample, self.size)


def resized(sample: Sample, size: tuple[int, int]) -> Sample:
    """Image and labels at `size` (h, w): cubic for the image and normals, nearest for the rest.

    Normals are made unit vectors again, and stay zero where the nearest label is.
    """
    if sample.image.shape[:2] == tuple(size):
        return sample
    labels = {task: _resized_label(label, size) for task, label in sample.labels.items()}
    return replace(sample, image=scaled(sample.image, size, cubic=True), labels=labels, scored={})


def scaled(values: Array, size: tuple[int, int], cubic: bool) -> Array:
    """(H, W) or (H, W, 3), any kind of number, at `size` (h, w); cubic or nearest."""
    method = Image.Resampling.BICUBIC if cubic else Image.Resampling.NEAREST
    if values.ndim == 3 and values.dtype != np.uint8:
        return np.stack([scaled(values[..., c], size, cubic) for c in range(3)], axis=-1)
    return np.asarray(Image.fromarray(values).resize(size[::-1], method))


def _resized_label(label: Array, size: tuple[int, int]) -> Array:
    if form(label) != "vectors":
        return scaled(label, size, cubic=False)
    valid = scaled((label != 0).any(-1).astype(np.uint8), size, cubic=False)
    return unit(scaled(label, size, cubic=True)) * valid[..., None]


def unit(normals: Array) -> NDArray[np.float32]:
    """Vectors (H, W, 3) of length 1, zero ones left as they are."""
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-12), np.float32)


def interpolated(normals: Array, move: Callable[[Array, How], Array], masked: bool) -> Array:
    """Normals (H, W, 3) moved by cubic interpolation.

    Args:
        normals: zero where there are none.
        move: what moves an array, in a way of interpolating.
        masked: none where the nearest pixel has none; cubic interpolation makes some up around.
    """
    found = move(normals, "cubic")
    if not masked:
        return found
    return found * move((normals != 0).any(-1).astype(np.uint8), "nearest")[..., None]


def nearer(label: Array, factor: float) -> Array:
    """The label of an image that was scaled: everything is `factor` times as near."""
    return label / np.float32(factor) if form(label) == "distances" else label


def turned(normals: Array, angle: float) -> Array:
    """Normals (H, W, 3) whose image was turned by `angle` radians against the clock, in double."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    direction, length = np.arctan2(x, y), np.hypot(x, y)
    new = (length * np.sin(direction + angle), length * np.cos(direction + angle), z)
    return np.stack(new, axis=-1)


def without_people(sample: Sample) -> Sample:
    """The sample, its human parts counting for nothing if there are none in it."""
    parts = sample.labels.get(PARTS)
    if parts is None or not np.isin(parts, (0, IGNORE)).all():
        return sample
    return replace(sample, labels={**sample.labels, PARTS: np.full_like(parts, IGNORE)})
