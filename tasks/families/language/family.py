"""Instruction tasks, answered by a language model in its own words or by choosing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from typing_extensions import override

from seesaw.tasks.families.family import TaskFamily
from seesaw.tasks.families.language.batches import InstructionBatches
from seesaw.tasks.families.language.instruction import Data, check_answers
from seesaw.tasks.families.language.models import LanguageModelFactory
from seesaw.tasks.families.language.scoring import InstructionScoring
from seesaw.tasks.families.language.track import InstructionTrack


class InstructionFamily(TaskFamily):
    """Prompts and their answers."""

    model_factory = LanguageModelFactory
    scorer = InstructionScoring
    data: InstructionBatches
    scoring: InstructionScoring

    @override
    @classmethod
    def open(cls, track: InstructionTrack, data: Sequence[Data], weights: Path) -> Self:
        for own in data:
            check_answers(own)
        batches = InstructionBatches(data, weights.parent, track.recipe)
        return cls(
            tasks=tuple(own.task for own in data),
            sha256={own.task.name: own.sha256() for own in data},
            data=batches,
            models=LanguageModelFactory(track, len(data), weights),
            scoring=InstructionScoring(track, batches),
        )
