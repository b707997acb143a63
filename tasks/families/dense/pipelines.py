"""The augmentations of the field, by the name tracks call them.

"survey" is that of ASTMT, the survey of Vandenhende et al. and M3ViT; "atrc" that of ATRC, InvPT
and TaskPrompter. Their scores must not be mixed: the one squeezes whole images to a square, the
other crops and pads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as tv
from typing_extensions import override

from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample, form, nothing
from seesaw.tasks.families.dense.transforms import Pipeline, Plain, flipped, resized, scaled, unit


@dataclass(frozen=True)
class Survey(Pipeline):
    """Flip, rotation up to 20 degrees, scale 0.75 to 1.25, then the whole image to the size."""

    outside: ClassVar[int] = IGNORE

    @override
    def train(self, sample: Sample, rng: Generator) -> Sample:
        if rng.random() < 0.5:
            sample = flipped(sample)
        return resized(warped(sample, *self.draw(rng), self.outside), self.size)

    def draw(self, rng: Generator) -> tuple[float, float]:
        """Degrees against the clock, and the scale."""
        return rng.uniform(-20, 20), rng.uniform(0.75, 1.25)


@dataclass(frozen=True)
class SurveyLegacy(Survey):
    """`Survey` with the original's border: what comes in from outside is class 0, not ignored."""

    outside = 0


@dataclass(frozen=True)
class SurveyNYUD(Survey):
    """`Survey` without rotation, at one of three scales; depth is divided by the scale."""

    def draw(self, rng: Generator) -> tuple[float, float]:
        """No rotation, and one of the scales."""
        return 0.0, float(rng.choice([1.0, 1.2, 1.5]))


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
        return padded(replace(sample, image=distorted(sample.image, rng)), self.size)

    def cropped(self, sample: Sample, rng: Generator) -> Sample:
        """A crop of at most the size; others are tried while one class covers too much of it."""
        height, width = sample.image.shape[:2]
        found = sample
        for _ in range(self.TRIES):
            top = int(rng.integers(max(1, height - self.size[0] + 1)))
            left = int(rng.integers(max(1, width - self.size[1] + 1)))
            window = np.s_[top : top + self.size[0], left : left + self.size[1]]
            labels = {task: label[window] for task, label in sample.labels.items()}
            found = replace(sample, image=sample.image[window], labels=labels, scored={})
            if "semseg" not in labels:
                break
            counts = np.bincount(labels["semseg"].ravel(), minlength=256)[:IGNORE]
            if np.count_nonzero(counts) > 1 and counts.max() < self.FILLED * counts.sum():
                break
        return found

    def test(self, sample: Sample) -> Sample:
        """The image padded to the size; one that is larger is scaled down to fit first."""
        sample = replace(sample, labels={}, scored={})
        height, width = sample.image.shape[:2]
        factor = min(1.0, self.size[0] / height, self.size[1] / width)
        return padded(sample if factor == 1.0 else rescaled(sample, factor), self.size)

    def back(self, outputs: Tensor, native: tuple[int, int]) -> Tensor:
        """What is not padding, at the image's own size."""
        factor = min(1.0, self.size[0] / native[0], self.size[1] / native[1])
        inner = (round(factor * native[0]), round(factor * native[1]))
        top, left = ((whole - part) // 2 for whole, part in zip(self.size, inner, strict=True))
        kept = outputs[:, top : top + inner[0], left : left + inner[1]]
        return super().back(kept, native)


def warped(sample: Sample, degrees: float, factor: float, outside: int) -> Sample:
    """The sample turned and scaled about the middle of the image, whose size stays.

    Normals turn with the image, y pointing down; depth is divided by the factor.
    """
    height, width = sample.image.shape[:2]
    angle = np.radians(degrees)
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    x, y = (width - 1) / 2, (height - 1) / 2
    # from output to input; PIL counts from the corners of pixels, which cancels out in the middle
    matrix = (cos, -sin, x + 0.5 - cos * (x + 0.5) + sin * (y + 0.5),
              sin, cos, y + 0.5 - sin * (x + 0.5) - cos * (y + 0.5))  # fmt: skip

    def warp(values: Array, cubic: bool, fill: int) -> Array:
        if values.ndim == 3 and values.dtype != np.uint8:
            return np.stack([warp(values[..., c], cubic, fill) for c in range(3)], axis=-1)
        method = Image.Resampling.BICUBIC if cubic else Image.Resampling.NEAREST
        image = Image.fromarray(values)
        colour = (fill,) * 3 if values.ndim == 3 else fill
        size, way = image.size, Image.Transform.AFFINE
        return np.asarray(image.transform(size, way, matrix, method, fillcolor=colour))

    labels: dict[str, Array] = {}
    for task, label in sample.labels.items():
        if form(label) == "vectors":
            valid = warp((label != 0).any(-1).astype(np.uint8), False, 0)
            labels[task] = turned(unit(warp(label, True, 0)), angle) * valid[..., None]
        else:
            fill = outside if form(label) == "indices" else nothing(label)
            labels[task] = nearer(warp(label, False, fill), factor)
    return replace(sample, image=warp(sample.image, True, 0), labels=labels, scored={})


def nearer(label: Array, factor: float) -> Array:
    """The label of an image that was scaled: everything is `factor` times as near."""
    return label / np.float32(factor) if form(label) == "distances" else label


def turned(normals: Array, angle: float) -> Array:
    """Normals (H, W, 3) whose image was turned by `angle` radians against the clock."""
    x, y, z = normals[..., 0], normals[..., 1], normals[..., 2]
    direction, length = np.arctan2(x, y), np.hypot(x, y)
    new = (length * np.sin(direction + angle), length * np.cos(direction + angle), z)
    return np.stack(new, axis=-1).astype(np.float32)


def rescaled(sample: Sample, factor: float) -> Sample:
    """Image bilinear, labels nearest; depth is divided by the factor."""
    height, width = sample.image.shape[:2]
    size = (round(factor * height), round(factor * width))
    labels = {
        task: nearer(scaled(label, size, cubic=False), factor)
        for task, label in sample.labels.items()
    }
    image = Image.fromarray(sample.image).resize(size[::-1], Image.Resampling.BILINEAR)
    return replace(sample, image=np.asarray(image), labels=labels, scored={})


def padded(sample: Sample, size: tuple[int, int]) -> Sample:
    """The sample in the middle of `size`: black around the image, nothing to learn in labels."""
    height, width = sample.image.shape[:2]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    around = ((top, size[0] - height - top), (left, size[1] - width - left))

    def pad(values: Array, fill: int) -> Array:
        return np.pad(values, (*around, *[(0, 0)] * (values.ndim - 2)), constant_values=fill)

    labels = {t: pad(label, nothing(label)) for t, label in sample.labels.items()}
    return replace(sample, image=pad(sample.image, 0), labels=labels, scored={})


def distorted(image: Array, rng: Generator) -> Array:
    """Brightness, contrast, saturation and hue, each changed in half of the cases."""
    values = torch.from_numpy(image.astype(np.float32) / 255).movedim(-1, 0)
    chances = rng.random(5) < 0.5
    contrast_first = chances[4]
    if chances[0]:
        values = (values + rng.uniform(-32, 32) / 255).clamp(0, 1)
    contrast = rng.uniform(0.5, 1.5) if chances[1] else 1.0
    if contrast_first:
        values = (values * contrast).clamp(0, 1)
    if chances[2]:
        values = tv.adjust_saturation(values, rng.uniform(0.5, 1.5))
    if chances[3]:
        values = tv.adjust_hue(values, rng.uniform(-18, 18) / 360)
    if not contrast_first:
        values = (values * contrast).clamp(0, 1)
    return np.asarray((255 * values.movedim(0, -1) + 0.5).numpy(), np.uint8)


PIPELINES: Mapping[str, type[Pipeline]] = {
    "plain": Plain,
    "survey": Survey,
    "survey-legacy": SurveyLegacy,
    "survey-nyud": SurveyNYUD,
    "atrc": ATRC,
}
