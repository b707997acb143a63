"""Dense tasks: a map per image and task, predicted from a vision transformer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from typing_extensions import override

from seesaw.tasks.families.dense.batches import DenseBatches
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.models import DenseFactory
from seesaw.tasks.families.dense.pipelines import make_pipeline
from seesaw.tasks.families.dense.scoring import DenseScoring
from seesaw.tasks.families.dense.sheet import ContactSheet
from seesaw.tasks.families.dense.track import DenseTrack
from seesaw.tasks.families.family import TaskFamily


class DenseFamily(TaskFamily):
    """Images, and a label map for every task."""

    model_factory = DenseFactory
    scorer = DenseScoring
    data: DenseBatches
    scoring: DenseScoring

    @override
    @classmethod
    def open(cls, track: DenseTrack, data: DenseData, weights: Path) -> Self:
        shape: Any = DenseFactory.load_backbone(track, weights, meta=True)
        recipe = track.recipe
        pipeline = make_pipeline(recipe.pipeline, recipe.pixels, recipe.size)
        batches = DenseBatches(data, pipeline, int(shape.patch_embed.num_patches))
        scoring = DenseScoring(batches)
        return cls(
            tasks=data.tasks,
            sha256=data.sha256,
            data=batches,
            models=DenseFactory(track, data.tasks, weights),
            scoring=scoring,
            pictures=ContactSheet(batches, scoring),
        )
