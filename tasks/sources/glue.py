"""GLUE (Wang et al., arXiv 1804.07461), eight tasks, from the hub or a folder of the same columns.

GLUE's test labels are hidden: its validation split is our test split, and dev is carved from train.
Training rows that also stand in the test split are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from datasets.exceptions import DatasetGenerationError
from pyarrow import ArrowInvalid

from seesaw.tasks.sources.rows import held_out, hub_dataset, hub_place, label_of
from seesaw.tasks.task import DataError, Example, Task, TaskData

DEV_MOST = 500


@dataclass(frozen=True)
class GlueTask:
    """A task and where the hub keeps it."""

    task: Task
    columns: tuple[str, ...]
    test_split: str = "validation"


TASKS = (
    GlueTask(Task("cola", 2, ("matthews", "accuracy")), ("sentence",)),
    GlueTask(Task("mnli", 3), ("premise", "hypothesis"), "validation_matched"),
    GlueTask(Task("mrpc", 2, ("accuracy", "f1")), ("sentence1", "sentence2")),
    GlueTask(Task("qnli", 2), ("question", "sentence")),
    GlueTask(Task("qqp", 2, ("accuracy", "f1")), ("question1", "question2")),
    GlueTask(Task("rte", 2), ("sentence1", "sentence2")),
    GlueTask(Task("sst2", 2), ("sentence",)),
    GlueTask(Task("stsb", None, ("pearson", "spearman")), ("sentence1", "sentence2")),
)


def load(options: Mapping[str, Any], folder: Path | None = None) -> list[TaskData[Task, Example]]:
    """All eight tasks from the hub, or those a local folder has.

    Args:
        options: `hub`, the hub id, and `dev_seed`.
        folder: a folder with one sub-folder of Parquet files per task, named as on the hub.

    Raises:
        DataError: the folder, a file or a column is missing, or a label is out of range.
    """
    if folder is None:
        return [
            _split(t, options, lambda split, t=t: _hub(t, split, options["hub"])) for t in TASKS
        ]
    if not folder.is_dir():
        raise DataError(f"data folder {folder} does not exist")
    present = [t for t in TASKS if (folder / t.task.name).is_dir()]
    if not present:
        names = ", ".join(t.task.name for t in TASKS)
        raise DataError(f"data folder {folder} has no GLUE task; it needs folders among: {names}")
    return [_split(t, options, lambda split, t=t: _local(t, split, folder)) for t in present]


def _hub(glue: GlueTask, split: str, hub: str) -> tuple[str, Dataset]:
    name = glue.task.name
    return hub_place(hub, name, split), hub_dataset(hub, name, split)


def _local(glue: GlueTask, split: str, folder: Path) -> tuple[str, Dataset]:
    place = folder / glue.task.name
    files = sorted(str(path) for path in place.glob(f"{split}-*.parquet"))
    if not files:
        raise DataError(f"{place} has no file {split}-*.parquet")
    try:
        return files[0], Dataset.from_parquet(files)
    except (OSError, DatasetGenerationError, ArrowInvalid) as error:
        reason = " ".join(str(error).split())  # on one line
        raise DataError(f"{files[0]} cannot be read as Parquet: {reason}") from None


def _split(glue: GlueTask, options: Mapping[str, Any], read: Any) -> TaskData[Task, Example]:
    train = _examples(glue, *read("train"))
    test = _examples(glue, *read(glue.test_split))
    held = {example[:2] for example in test}
    train = [example for example in train if example[:2] not in held]
    rest, dev = held_out(train, options["dev_seed"], DEV_MOST)
    return TaskData(glue.task, rest, dev, test)


def _examples(glue: GlueTask, place: str, rows: Dataset) -> Sequence[Example]:
    needed = (*glue.columns, "label")
    if missing := [column for column in needed if column not in rows.column_names]:
        raise DataError(
            f"{place} has no column {missing[0]!r}; it needs {', '.join(needed)} "
            f"and has {', '.join(rows.column_names)}"
        )
    texts = [
        [_text(text, f"{place} row {row}: {column}") for row, text in enumerate(rows[column])]
        for column in glue.columns
    ]
    labels = [
        label_of(label, glue.task.n_classes, f"{place} row {row}")
        for row, label in enumerate(rows["label"])
    ]
    second = texts[1] if len(texts) > 1 else [None] * len(labels)
    return [Example(*row) for row in zip(texts[0], second, labels, strict=True)]


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{place} is {value!r:.60}, not text")
    return value
