"""Super-NaturalInstructions (Wang et al., arXiv 2204.07705), as MoDE (arXiv 2408.01505) uses it.

Every task of the collection is a task; a tenth of the instances of each is tested on, ROUGE-L.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.rows import held_out, hub_rows, read_rows
from seesaw.tasks.task import DataError, TaskData

FIELDS = ("task_name", "id", "definition", "inputs", "targets")
TESTED = 0.1
DEV_MOST = 20


def load(
    options: Mapping[str, Any], folder: Path | None
) -> list[TaskData[InstructionTask, Instruction]]:
    """All tasks of the training split, in order of their names.

    Instances with the same input are one, with several references.

    Args:
        options: `hub`, `dev_seed`, and `least`, the instances a task must have to be taken.
        folder: with `train.jsonl`, columns as on the hub.

    Raises:
        DataError: a file or a field is missing, or no task is large enough.
    """
    if folder is None:
        rows = hub_rows(options["hub"], None, "train", FIELDS)
    else:
        rows = read_rows(folder / "train.jsonl", FIELDS)
    tasks: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        tasks[row["task_name"]][str(row["inputs"])].append(row)
    found = []
    for name in sorted(tasks):
        items = [_asked(same) for same in tasks[name].values()]
        if len(items) >= options["least"]:
            found.append(_data(name, items, options["dev_seed"]))
    if not found:
        raise DataError(f"no task has {options['least']} instances (option least)")
    return found


def _asked(same: list[Mapping[str, Any]]) -> Instruction:
    first, *others = same
    prompt = f"{first['definition']}\n\n{first['inputs']}\n\n"
    return Instruction(prompt, first["targets"], references=tuple(o["targets"] for o in others))


def _data(name: str, items: list[Instruction], seed: int) -> TaskData[InstructionTask, Instruction]:
    order = np.random.default_rng(seed).permutation(len(items))
    count = max(1, round(TESTED * len(items)))
    test = [items[i] for i in sorted(order[:count])]
    rest, dev = held_out([items[i] for i in sorted(order[count:])], seed, DEV_MOST, least=1)
    task = InstructionTask(name, metrics=("rougeL", "exact_match"), max_new_tokens=128)
    return TaskData(task, rest, dev, test)
