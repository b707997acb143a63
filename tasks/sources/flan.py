"""SMoRA's subset of FLAN v2 (arXiv 2501.15103): ten domains, each scored by its own metric.

The published test file has 50 items a task, which says something of a domain and little of a task;
so a domain is a task here. Where there is no training file, the test file is divided: one fold is
tested on, the next one is dev, the others are trained on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.rows import held_out, read_rows
from seesaw.tasks.task import DataError, TaskData

FIELDS = ("inputs", "targets", "task", "domain", "metric")
TRAIN, TEST = "combined_train.json", "combined_test.json"
METRICS = {"em": "exact_match", "bleu": "bleu", "rouge": "rougeL"}
DEV_MOST = 500
Row = Mapping[str, Any]


def load(
    options: Mapping[str, Any], folder: Path | None
) -> list[TaskData[InstructionTask, Instruction]]:
    """All domains of the files in `folder`, in order of their names.

    Args:
        options: `dev_seed`, and `folds` and `fold` for a test file alone.
        folder: with `combined_test.json`, and `combined_train.json` if there is one.

    Raises:
        DataError: a file or a field is missing, or a domain has several metrics.
    """
    if folder is None:
        raise DataError("flan needs a folder with combined_test.json: DATA=..., or --data ...")
    tested = _domains(folder / TEST)
    learnt = _domains(folder / TRAIN) if (folder / TRAIN).is_file() else None
    found = []
    for name in sorted(tested):
        metrics = {str(row["metric"]) for row in tested[name]}
        if len(metrics) > 1 or not metrics <= set(METRICS):
            raise DataError(
                f"{folder / TEST}: domain {name} has metrics {', '.join(sorted(metrics))}; "
                f"it must have one of {', '.join(METRICS)}"
            )
        task = InstructionTask(name, metrics=(METRICS[metrics.pop()],), max_new_tokens=128)
        test = [_asked(row) for row in tested[name]]
        if learnt is None:
            found.append(_folded(task, test, options["folds"], options["fold"]))
            continue
        rest, dev = held_out([_asked(r) for r in learnt[name]], options["dev_seed"], DEV_MOST)
        found.append(TaskData(task, rest, dev, test))
    return found


def _domains(path: Path) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in read_rows(path, FIELDS):
        found[row["domain"]].append(row)
    return found


def _asked(row: Row) -> Instruction:
    return Instruction(f"{row['inputs']}\n", str(row["targets"]))


def _folded(
    task: InstructionTask, items: Sequence[Instruction], folds: int, fold: int
) -> TaskData[InstructionTask, Instruction]:
    parts = [items[k::folds] for k in range(folds)]
    dev = (fold + 1) % folds
    rest = [item for k, part in enumerate(parts) if k not in (fold, dev) for item in part]
    return TaskData(task, rest, parts[dev], parts[fold])
