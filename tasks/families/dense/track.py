"""Tracks of dense tasks: images with a label map for every task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import (
    PositiveInt,
)

from seesaw.tasks.task import DataError
from seesaw.tasks.track import Recipe, Track, _kept, register

if TYPE_CHECKING:  # tracks are listed without numpy
    from seesaw.tasks.families.dense.data import DenseData


class DenseRecipe(Recipe):
    """And the size (h, w) of the input, the pipeline that makes it, and the decoder."""

    size: tuple[PositiveInt, PositiveInt]
    pipeline: Literal["plain", "survey", "survey-legacy", "survey-nyud", "atrc"]
    decoder: Literal["light", "convolutional"]


@register("dense")
class DenseTrack(Track):
    """Images with a label map for every task."""

    recipe: DenseRecipe
    learner = "seesaw.tasks.families.dense.learner:DenseLearner"

    def load_data(self, folder: Path | None, only: Sequence[str] = ()) -> tuple[str, DenseData]:
        """See `Track.load_data`."""
        if self.tier == "local" and folder is None:
            raise DataError(f"{self.slug} needs a folder with its data: DATA=..., or --data ...")
        data: DenseData = self._loaded(folder)
        slug, names = _kept(self.slug, [task.name for task in data.tasks], only)
        return slug, data.only(names)
