"""Tracks of dense tasks: images with a label map for every task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PositiveInt
from typing_extensions import override

from seesaw.tasks.task import SPLITS, DataError
from seesaw.tasks.track import Recipe, Track, check_sizes, kept_tasks, register

if TYPE_CHECKING:  # tracks are listed without numpy
    from seesaw.tasks.families.dense.data import DenseData


class DenseRecipe(Recipe):
    """A recipe with the size (h, w) of the input, the pipeline that makes it, and the decoder."""

    size: tuple[PositiveInt, PositiveInt]
    pipeline: Literal["plain", "survey", "survey-legacy", "survey-nyud", "atrc"]
    pixels: Literal["pillow", "opencv"] = Field(
        "pillow",
        description="opencv: as the field's toolchains have them; pillow: as first versions do",
        exclude_if=lambda own: own == "pillow",  # records of first versions do not know of it
    )
    decoder: Literal["light", "convolutional", "upscaling"]


@register("dense")
class DenseTrack(Track):
    """Images with a label map for every task."""

    recipe: DenseRecipe
    family = "seesaw.tasks.families.dense.family:DenseFamily"

    @override
    def load_data(self, folder: Path | None, only: Sequence[str] = ()) -> tuple[str, DenseData]:
        if self.tier in ("package", "local") and folder is None:
            raise DataError(f"{self.slug} needs a folder with its data: DATA=..., or --data ...")
        data: DenseData = self._loaded(folder, pixels=self.recipe.pixels)
        slug, names = kept_tasks(self.slug, [task.name for task in data.tasks], only)
        kept = data.only(names)
        sizes = {split: len(kept.splits[split]) for split in SPLITS}
        for name in names:
            check_sizes(slug, name, sizes)
        return slug, kept
