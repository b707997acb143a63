"""PromptCBLUE (Zhu et al., 2023), Chinese medical tasks as MOELoRA (arXiv 2310.18339) uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.rows import held_out, hub_rows, read_rows
from seesaw.tasks.task import DataError, TaskData

FIELDS = ("input", "target", "task_dataset")
DEV_MOST = 500
METRICS = {
    "CMeIE": "tuple_f1",
    "CHIP-CDN": "tuple_f1",
    "CHIP-CDEE": "tuple_f1",
    "CHIP-MDCFNPC": "tuple_f1",
    "CHIP-CTC": "micro_f1",
    "KUAKE-QIC": "macro_f1",
    "IMCS-V2-MRG": "rougeL_characters",
    "MedDG": "rougeL_characters",
}
"""The eight sets that are reported, and how each is scored."""


def load(
    options: Mapping[str, Any], folder: Path | None
) -> list[TaskData[InstructionTask, Instruction]]:
    """The eight sets, or those that are there; the public development file is tested on.

    Args:
        options: `hub` and `dev_seed`.
        folder: with `train.json` and `dev.json`, columns as on the hub.

    Raises:
        DataError: a file or a field is missing, or none of the sets is there.
    """
    if folder is None:
        files = [hub_rows(options["hub"], None, name, FIELDS) for name in ("train", "validation")]
    else:
        files = [read_rows(folder / name, FIELDS) for name in ("train.json", "dev.json")]
    train, test = (_sets(rows) for rows in files)
    found = []
    for name, metric in METRICS.items():
        if name in train and name in test:
            task = InstructionTask(name, metrics=(metric,), max_new_tokens=196)
            rest, dev = held_out(train[name], options["dev_seed"], DEV_MOST, least=1)
            found.append(TaskData(task, rest, dev, test[name]))
    if not found:
        raise DataError(f"task_dataset names none of the sets: {', '.join(METRICS)}")
    return found


def _sets(rows: list[dict[str, Any]]) -> dict[str, list[Instruction]]:
    found: dict[str, list[Instruction]] = defaultdict(list)
    for row in rows:
        found[row["task_dataset"]].append(Instruction(row["input"], row["target"]))
    return found
