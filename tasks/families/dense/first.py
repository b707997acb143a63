"""Pipelines as the first versions of tracks have them, through Pillow; newer ones: `pipelines`.

Pillow's nearest takes the pixel under the middle, its cubic smooths before it shrinks, and it turns
about the middle of the middle pixels. Records of those tracks stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from PIL import Image
from typing_extensions import override

from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample, form, nothing
from seesaw.tasks.families.dense.transforms import (
    Pipeline,
    Plain,
    flipped,
    nearer,
    resized,
    turned,
    unit,
)


@dataclass(frozen=True)
class FirstSurvey(Pipeline):
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
class FirstSurveyLegacy(FirstSurvey):
    """What comes in from outside is class 0, not ignored."""

    outside = 0


@dataclass(frozen=True)
class FirstSurveyNYUD(FirstSurvey):
    """Without rotation, at one of three scales; depth is divided by the scale."""

    def draw(self, rng: Generator) -> tuple[float, float]:
        """No rotation, and one of the scales."""
        return 0.0, float(rng.choice([1.0, 1.2, 1.5]))


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
            moved = turned(unit(warp(label, True, 0)), angle).astype(np.float32)
            labels[task] = moved * valid[..., None]
        else:
            fill = outside if form(label) == "indices" else nothing(label)
            labels[task] = nearer(warp(label, False, fill), factor)
    return replace(sample, image=warp(sample.image, True, 0), labels=labels, scored={})


FIRST: Mapping[str, type[Pipeline]] = {
    "plain": Plain,
    "survey": FirstSurvey,
    "survey-legacy": FirstSurveyLegacy,
    "survey-nyud": FirstSurveyNYUD,
}
"""By the names that tracks call them."""
