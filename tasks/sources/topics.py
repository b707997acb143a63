"""Single texts with a class each, in a folder per set: `info.json` and `*.jsonl.gz`.

Test splits are taken as they are. A text that is tested on is left out of train and dev, also where
case or spaces differ, and so is one of dev out of train.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seesaw.tasks.sources.rows import held_out, label_of, read_rows
from seesaw.tasks.task import DataError, Example, Task, TaskData

FIELDS = ("text_a", "label")
DEV_MOST = 500


def load(options: Mapping[str, Any], folder: Path | None) -> list[TaskData[Task, Example]]:
    """The sets of `options["sets"]` that a folder has.

    Args:
        options: `sets`, names of folders, which are the tasks' names too, and `dev_seed`.
        folder: has a folder per set with `info.json`, which lists the names of its classes as
            `labels`, and `train.jsonl.gz` and `test.jsonl.gz`, whose rows have `text_a` and the
            number of its class, `label`. Without a `dev.jsonl.gz` dev is carved out of train.

    Raises:
        DataError: the folder, a file or a field is missing, or a label is no class.
    """
    names = ", ".join(options["sets"])
    if folder is None:
        raise DataError(f"a folder is needed that has a folder each of {names}: --data ...")
    if not folder.is_dir():
        raise DataError(f"data folder {folder} does not exist")
    here = [folder / name for name in options["sets"] if (folder / name).is_dir()]
    if not here:
        raise DataError(f"data folder {folder} has none of the sets: {names}")
    return [_data(place, options["dev_seed"]) for place in here]


def _data(place: Path, seed: int) -> TaskData[Task, Example]:
    classes = len(_labels(place / "info.json"))
    train, test = (_examples(place / f"{split}.jsonl.gz", classes) for split in ("train", "test"))
    train = _without(train, test)
    if (place / "dev.jsonl.gz").exists():
        dev = _without(_examples(place / "dev.jsonl.gz", classes), test)
        train = _without(train, dev)
    else:
        train, dev = held_out(train, seed, DEV_MOST)
        train = _without(train, dev)
    return TaskData(Task(place.name, classes), train, dev, test)


def _labels(path: Path) -> list[str]:
    """Names of the classes.

    Raises:
        DataError: the file is missing or damaged, or names fewer than two.
    """
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing; it lists the names of the classes as labels") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON in UTF-8: {error}") from None
    found = info.get("labels") if isinstance(info, dict) else None
    labels = [label for label in found if isinstance(label, str)] if isinstance(found, list) else []
    if labels != found or len(set(labels)) < max(2, len(labels)):
        raise DataError(f"{path}: labels is {found!r:.60}, not a list of two or more names")
    return labels


def _examples(path: Path, classes: int) -> list[Example]:
    rows = read_rows(path, FIELDS)
    return [
        Example(row["text_a"], None, label_of(row["label"], classes, f"{path} row {number}"))
        for number, row in enumerate(rows)
    ]


def _without(examples: Sequence[Example], others: Iterable[Example]) -> list[Example]:
    """The examples whose text is none of the others'."""
    known = {_plain(example) for example in others}
    return [example for example in examples if _plain(example) not in known]


def _plain(example: Example) -> str:
    return " ".join(example.text_a.casefold().split())
