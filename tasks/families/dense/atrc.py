"""The pipeline of ATRC, InvPT and TaskPrompter, to the pixel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense import opencv
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample, nothing
from seesaw.tasks.families.dense.transforms import (
    MEAN,
    Pipeline,
    flipped,
    nearer,
    without_people,
)


@dataclass(frozen=True)
class ATRC(Pipeline):
    """Scale 0.5 to 2, a crop that no class fills, flip, changed colours, padding to the size."""

    FILLED = 0.75
    """Share of a crop that one class may cover."""
    TRIES = 10

    @override
    def train(self, sample: Sample, rng: Generator) -> Sample:
        sample = self.cropped(rescaled(sample, rng.uniform(0.5, 2.0)), rng)
        if rng.random() < 0.5:
            sample = flipped(sample)
        image = distorted(sample.image.astype(np.uint8), rng)
        return without_people(padded(replace(sample, image=image), self.size))

    def cropped(self, sample: Sample, rng: Generator) -> Sample:
        """A crop of at most the size; others are tried while one class covers too much of it."""
        window = self.window(sample, rng)
        for _ in range(self.TRIES):
            if self.varied(sample, window):
                break
            window = self.window(sample, rng)
        labels = {task: label[window] for task, label in sample.labels.items()}
        return replace(sample, image=sample.image[window], labels=labels, scored={})

    def window(self, sample: Sample, rng: Generator) -> tuple[slice, slice]:
        """Rows and columns of a crop."""
        (height, width), (rows, columns) = sample.image.shape[:2], self.size
        top = int(rng.integers(max(1, height - rows + 1)))
        left = int(rng.integers(max(1, width - columns + 1)))
        return slice(top, top + rows), slice(left, left + columns)

    def varied(self, sample: Sample, window: tuple[slice, slice]) -> bool:
        """Whether a crop shows several classes and is not mostly of one."""
        if "semseg" not in sample.labels:
            return True
        classes = sample.labels["semseg"][window]
        counts = np.bincount(classes.ravel(), minlength=IGNORE + 1)[:IGNORE]
        return bool(np.count_nonzero(counts) > 1 and counts.max() / counts.sum() < self.FILLED)

    @override
    def test(self, sample: Sample) -> Sample:
        """The image padded to the size; one that is larger is scaled down to fit first."""
        inner = self.inner(sample.image.shape[:2])
        image = opencv.resize(sample.image.astype(np.float32), "linear", inner)
        return padded(replace(sample, image=image, labels={}, scored={}), self.size)

    def inner(self, native: tuple[int, ...]) -> tuple[int, int]:
        """Height and width of an image inside the padding."""
        factor = min(1.0, self.size[0] / native[0], self.size[1] / native[1])
        return round(factor * native[0]), round(factor * native[1])

    @override
    def back(self, outputs: Tensor, native: tuple[int, int]) -> Tensor:
        """What is not padding, at the image's own size."""
        inner = self.inner(native)
        top, left = ((whole - part) // 2 for whole, part in zip(self.size, inner, strict=True))
        kept = outputs[:, top : top + inner[0], left : left + inner[1]]
        return super().back(kept, native)


def rescaled(sample: Sample, factor: float) -> Sample:
    """Image linear, as float32, labels nearest; depth is divided by the factor."""
    height, width = sample.image.shape[:2]
    size = (int(factor * height), int(factor * width))
    labels = {
        task: nearer(opencv.resize(label, "nearest", size), factor)
        for task, label in sample.labels.items()
    }
    image = opencv.resize(sample.image.astype(np.float32), "linear", size)
    return replace(sample, image=image, labels=labels, scored={})


def padded(sample: Sample, size: tuple[int, int]) -> Sample:
    """The sample in the middle of `size`, with nothing to learn around it.

    Padding is what the network sees as zero: the mean colour. The image is float32.
    """
    height, width = sample.image.shape[:2]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    inside = np.s_[top : top + height, left : left + width]

    def pad(values: Array, fill: Array | int) -> Array:
        found = np.empty((*size, *values.shape[2:]), values.dtype)
        found[:] = fill
        found[inside] = values
        return found

    labels = {task: pad(label, nothing(label)) for task, label in sample.labels.items()}
    image = pad(sample.image.astype(np.float32), 255 * np.array(MEAN, np.float32))
    return replace(sample, image=image, labels=labels, scored={})


def distorted(image: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """Brightness, contrast, saturation and hue, each changed in half of the cases.

    Every step is in 8 bits: cut to 0 ... 255, and what is after the point dropped.
    """
    if rng.random() < 0.5:
        image = _linear(image, 1.0, rng.uniform(-32, 32))
    contrast_last = rng.random() < 0.5
    if not contrast_last:
        image = _contrast(image, rng)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        hsv[..., 1] = _linear(hsv[..., 1], rng.uniform(0.5, 1.5), 0.0)
        image = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        # hues are 180 steps of two degrees
        hsv[..., 0] = (hsv[..., 0].astype(np.int64) + rng.integers(-18, 18)) % 180
        image = np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)
    return _contrast(image, rng) if contrast_last else image


def _contrast(image: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    return _linear(image, rng.uniform(0.5, 1.5), 0.0) if rng.random() < 0.5 else image


def _linear(values: Array, factor: float, plus: float) -> NDArray[np.uint8]:
    return np.clip(values.astype(np.float32) * factor + plus, 0, 255).astype(np.uint8)
