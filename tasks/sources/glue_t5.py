"""GLUE as text to text, as MoRE (arXiv 2505.22694) puts it to T5.

Dev is carved from train and the validation split is the test split; the view `legacy` follows the
original, which picks checkpoints on the half of a validation split that it also reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources import glue
from seesaw.tasks.task import Example, Task, TaskData

FIELDS = {
    "cola": ("sentence",),
    "mnli": ("premise", "hypothesis"),
    "mrpc": ("sentence1", "sentence2"),
    "qnli": ("question", "sentence"),
    "qqp": ("question1", "question2"),
    "rte": ("sentence1", "sentence2"),
    "sst2": ("sentence",),
    "stsb": ("sentence1", "sentence2"),
}
"""Names the texts go by in the prompt."""
SWAPPED = ("mnli",)
"""Tasks whose second text comes first."""
WORDS = {
    "cola": ("unacceptable", "acceptable"),
    "mnli": ("entailment", "neutral", "contradiction"),
    "mrpc": ("not_equivalent", "equivalent"),
    "qnli": ("entailment", "not_entailment"),
    "qqp": ("not_duplicate", "duplicate"),
    "rte": ("entailment", "not_entailment"),
    "sst2": ("negative", "positive"),
}
"""Labels in words, in the order of the hub's classes."""
METRICS = {"cola": ("matthews", "exact_match"), "stsb": ("pearson",)}
HALVED = ("cola", "mrpc", "rte", "stsb")
HALF_SEED = 1189


def load(
    options: Mapping[str, Any], folder: Path | None
) -> list[TaskData[InstructionTask, Instruction]]:
    """All eight tasks from the hub, or those a local folder has.

    Args:
        options: `hub`, `dev_seed`, and `view`: "clean" or "legacy".
        folder: as for the track `glue`.

    Raises:
        DataError: see `glue.load`.
    """
    return [_data(data, options["view"]) for data in glue.load(options, folder)]


def _data(data: TaskData[Task, Example], view: str) -> TaskData[InstructionTask, Instruction]:
    name = data.task.name
    metrics = METRICS.get(name, ("exact_match",))
    task = InstructionTask(name, metrics=metrics, max_new_tokens=10)
    train, dev, test = ([asked(name, e) for e in s] for s in (data.train, data.dev, data.test))
    if view == "legacy" and name in HALVED:
        order = np.random.default_rng(HALF_SEED).permutation(len(test))
        dev = test = [test[i] for i in sorted(order[: len(test) // 2])]
    return TaskData(task, train, dev, test)


def asked(name: str, example: Example) -> Instruction:
    """An example of the task `name` as prompt and answer; scores in steps of 0.2."""
    texts = list(zip(FIELDS[name], (example.text_a, example.text_b), strict=False))
    if name in SWAPPED:
        texts.reverse()
    prompt = " ".join((name, *(f"{field}: {text}" for field, text in texts)))
    words = WORDS.get(name)
    answer = words[int(example.label)] if words else f"{round(example.label * 5) / 5:.1f}"
    return Instruction(prompt, answer)
