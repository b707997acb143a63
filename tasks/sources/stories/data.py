"""The data of `stories`: eight instruction tasks, the same on every machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.stories.instructions import TASKS
from seesaw.tasks.task import TaskData

CHOICES = ("tracking", "entailment", "analogy")
"""Tasks that are answered by choosing."""
SPLITS = ("test", "dev", "train")
"""Splits in the order they are drawn: what is rare goes to test first."""
PATIENCE = 50
"""Draws per example before a split stays shorter than asked for: some inputs are few."""


def load(
    options: Mapping[str, Any], folder: Path | None = None
) -> list[TaskData[InstructionTask, Instruction]]:
    """All eight tasks; no prompt stands in two splits.

    Tasks in conflict are drawn from the same random numbers, so their inputs are the same.

    Args:
        options: `data_seed`, and the number of examples in `train`, `dev` and `test`.
        folder: unused; this track needs no data from outside.
    """
    return [
        draw(InstructionTask(name, metrics=_metrics(name), max_new_tokens=24), make, options)
        for name, make in TASKS.items()
    ]


def _metrics(name: str) -> tuple[str, ...]:
    return ("acc",) if name in CHOICES else ("exact_match",)


def draw(
    task: InstructionTask, make: Callable[[Generator], Instruction], options: Mapping[str, Any]
) -> TaskData[InstructionTask, Instruction]:
    """All splits of a task, each example from a generator of its own; no prompt stands in two.

    Args:
        task: what the examples are of.
        make: an example out of random numbers.
        options: `data_seed`, and the number of examples in `train`, `dev` and `test`.
    """
    seen: set[str] = set()
    splits: dict[str, list[Instruction]] = {split: [] for split in SPLITS}
    for number, split in enumerate(SPLITS):
        own = splits[split]
        for index in range(PATIENCE * options[split]):
            if len(own) == options[split]:
                break
            example = make(np.random.default_rng((options["data_seed"], number, index)))
            if example.prompt not in seen:
                seen.add(example.prompt)
                own.append(example)
    return TaskData(task, splits["train"], splits["dev"], splits["test"])
