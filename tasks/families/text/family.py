"""Sentence tasks, learned with a text encoder and a linear head each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from typing_extensions import override

from seesaw.tasks.families.family import TaskFamily
from seesaw.tasks.families.text.batches import Data, SentenceBatches
from seesaw.tasks.families.text.models import EncoderFactory
from seesaw.tasks.families.text.scoring import SentenceScoring
from seesaw.tasks.families.text.track import SentenceTrack


class SentenceFamily(TaskFamily):
    """Texts and text pairs; classes or scores."""

    model_factory = EncoderFactory
    scorer = SentenceScoring

    @override
    @classmethod
    def open(cls, track: SentenceTrack, data: Sequence[Data], weights: Path) -> Self:
        tasks = tuple(d.task for d in data)
        batches = SentenceBatches(data, weights.parent, track.recipe.max_length)
        return cls(
            tasks=tasks,
            sha256={d.task.name: d.sha256() for d in data},
            data=batches,
            models=EncoderFactory(tasks, weights),
            scoring=SentenceScoring(batches),
        )
