"""The augmentations of the field, by the name tracks call them, to the pixel.

"survey" is that of ASTMT, the survey of Vandenhende et al. and M3ViT; "atrc" that of ATRC, InvPT
and TaskPrompter. Their scores must not be mixed: the one squeezes whole images to a square, the
other crops and pads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense import opencv
from seesaw.tasks.families.dense.atrc import ATRC
from seesaw.tasks.families.dense.first import FIRST
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample, form
from seesaw.tasks.families.dense.task import DenseTask, as_array
from seesaw.tasks.families.dense.transforms import (
    Pipeline,
    flipped,
    interpolated,
    nearer,
    turned,
    without_people,
)


@dataclass(frozen=True)
class Whole(Pipeline):
    """A flip in half of the cases, and the whole image brought to the size.

    The field's quirks are mended: cubic interpolation makes no normals where there are none, and
    bright stays bright.
    """

    masked: ClassVar[bool] = True

    @override
    def train(self, sample: Sample, rng: Generator) -> Sample:
        sample = self.moved(flipped(sample) if rng.random() < 0.5 else sample, rng)
        return without_people(self.finished(squeezed(sample, self.size, self.masked)))

    def moved(self, sample: Sample, rng: Generator) -> Sample:
        """The sample before it is brought to the size."""
        return sample

    @override
    def test(self, sample: Sample) -> Sample:
        return self.finished(squeezed(replace(sample, labels={}, scored={}), self.size))

    def finished(self, sample: Sample) -> Sample:
        """The sample with its image in 8 bits: what is after the point is dropped."""
        return replace(sample, image=np.clip(sample.image, 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Survey(Whole):
    """Flip, rotation up to 20 degrees, scale 0.75 to 1.25, then the whole image to the size.

    What comes in from outside counts for nothing.
    """

    outside: ClassVar[int] = IGNORE

    @override
    def moved(self, sample: Sample, rng: Generator) -> Sample:
        return warped(sample, *self.draw(rng), self.outside, self.masked)

    def draw(self, rng: Generator) -> tuple[float, float]:
        """Degrees against the clock, and the scale."""
        return rng.uniform(-20, 20), rng.uniform(0.75, 1.25)


@dataclass(frozen=True)
class SurveyLegacy(Survey):
    """`Survey` as the original has it, quirks and all.

    What comes in from outside is class 0, false normals stand around true ones, what an image
    overshoots wraps around, and predictions are stored in 8 bits before they are scored.
    """

    outside = 0
    masked = False

    @override
    def finished(self, sample: Sample) -> Sample:
        return replace(sample, image=sample.image.astype(np.int32).astype(np.uint8))

    @override
    def predicted(self, task: DenseTask, outputs: Tensor, native: tuple[int, int]) -> Array:
        return task.stored(as_array(task.predict(outputs)), native)


@dataclass(frozen=True)
class SurveyNYUD(Survey):
    """`Survey` without rotation, at one of three scales; depth is divided by the scale."""

    @override
    def draw(self, rng: Generator) -> tuple[float, float]:
        return 0.0, float(rng.choice([1.0, 1.2, 1.5]))


def warped(
    sample: Sample, degrees: float, factor: float, outside: int = IGNORE, masked: bool = True
) -> Sample:
    """The sample turned and scaled about the middle of the image, whose size stays.

    Args:
        sample: depth is divided by the factor; its normals turn with the image, y pointing down.
        degrees: against the clock.
        factor: above 1 is nearer.
        outside: what indices are where nothing was seen.
        masked: see `interpolated`.

    Returns:
        The image is float32, with what cubic interpolation overshoots.
    """
    warp = partial(opencv.warp, degrees=degrees, factor=factor)
    labels: dict[str, Array] = {}
    for task, label in sample.labels.items():
        if form(label) == "vectors":
            # short sums of opposite normals are made long later, and rounding with them
            normals = turned(label.astype(np.float64), np.radians(degrees))
            labels[task] = interpolated(normals, warp, masked)
        else:
            border = outside if form(label) == "indices" else 0
            labels[task] = nearer(warp(label, "nearest", outside=border), factor)
    image = warp(sample.image.astype(np.float32), "cubic")
    return replace(sample, image=image, labels=labels, scored={})


def squeezed(sample: Sample, size: tuple[int, int], masked: bool = True) -> Sample:
    """Image and labels at `size` (h, w): cubic for the image and normals, nearest for the rest.

    Normals are made unit vectors again; the image is float32.
    """
    resize = partial(opencv.resize, size=size)
    labels: dict[str, Array] = {}
    for task, label in sample.labels.items():
        if form(label) == "vectors":
            normals = interpolated(label.astype(np.float64), resize, masked)
            length = np.linalg.norm(normals, axis=-1, keepdims=True)
            normals /= length + np.finfo(np.float32).eps
            labels[task] = normals.astype(np.float32)
        else:
            labels[task] = resize(label, "nearest")
    image = resize(sample.image.astype(np.float32), "cubic")
    return replace(sample, image=image, labels=labels, scored={})


PIPELINES: Mapping[str, type[Pipeline]] = {
    "plain": Whole,
    "survey": Survey,
    "survey-legacy": SurveyLegacy,
    "survey-nyud": SurveyNYUD,
    "atrc": ATRC,
}
"""By the name that tracks call them."""


def make_pipeline(name: str, pixels: str, size: tuple[int, int]) -> Pipeline:
    """The pipeline that a recipe names: where `pixels` are Pillow's, its first version if any."""
    first = FIRST if pixels == "pillow" else {}
    return first.get(name, PIPELINES[name])(size)
