"""Rows of instruction data on disk or on the hub; errors name the file, the row and the field."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from datasets import Dataset, load_dataset
from datasets.exceptions import DatasetNotFoundError

from seesaw.tasks.task import DataError

DEV_SHARE, DEV_LEAST = 0.05, 200
Item = TypeVar("Item")


def read_rows(path: Path, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of a JSON list, or of JSON lines, that have all `fields`; a name in `.gz` is unpacked.

    Raises:
        DataError: the file is missing or damaged, or a row lacks a field.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON in UTF-8: {error}") from None
    return list(checked(rows, fields, str(path)))


def hub_rows(
    name: str, config: str | None, split: str, fields: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows of a data set on the hub, or of a folder that looks like one.

    Raises:
        DataError: it cannot be had, or a row lacks a field.
    """
    return list(checked(hub_dataset(name, config, split), fields, hub_place(name, config, split)))


def hub_place(name: str, config: str | None, split: str) -> str:
    """What a split on the hub is called in messages."""
    return f"{name}{f'/{config}' if config else ''} {split}"


def hub_dataset(name: str, config: str | None, split: str) -> Dataset:
    """A split of a data set on the hub, or of a folder that looks like one.

    Raises:
        DataError: it cannot be had.
    """
    try:
        return load_dataset(name, config, split=split)
    except (OSError, ValueError, DatasetNotFoundError) as error:
        reason = " ".join(str(error).split())  # on one line
        raise DataError(
            f"{hub_place(name, config, split)} cannot be had from the hub ({reason}); "
            "name a folder that has it: DATA=..., or --data ..."
        ) from None


def checked(
    rows: Sequence[Mapping[str, Any]], fields: Sequence[str], place: str
) -> Iterator[dict[str, Any]]:
    """The rows, if every one of them has text in all `fields`; a number is its digits.

    Raises:
        DataError: one has not.
    """
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise DataError(f"{place} row {number} is no object but {row!r:.60}")
        if missing := [name for name in fields if row.get(name) is None]:
            raise DataError(
                f"{place} row {number} has no field {missing[0]!r}; it needs {', '.join(fields)}"
            )
        for name in fields:
            if isinstance(row[name], bool) or not isinstance(row[name], str | int | float):
                raise DataError(f"{place} row {number}: {name} is {row[name]!r:.60}, not text")
        yield {**row, **{name: str(row[name]) for name in fields}}


def label_of(value: Any, classes: int | None, place: str) -> float:
    """A class or a score as a number, which may be written in digits.

    Raises:
        DataError: it is no class of `classes`, or no finite number where there are none.
    """
    try:
        label = float(value)
    except (TypeError, ValueError):
        label = math.nan
    if math.isfinite(label) and (classes is None or label in range(classes)):
        return label
    wanted = "a number" if classes is None else f"one of 0 ... {classes - 1}"
    raise DataError(f"{place}: label is {value!r:.60}, not {wanted}")


def held_out(
    items: Sequence[Item], seed: int, most: int, least: int = DEV_LEAST
) -> tuple[list[Item], list[Item]]:
    """What is left of `items`, and a twentieth of them to tune on, `least` to `most`."""
    order = np.random.default_rng(seed).permutation(len(items))
    count = min(most, max(least, round(DEV_SHARE * len(items))))
    dev, rest = sorted(order[:count]), sorted(order[count:])
    return [items[i] for i in rest], [items[i] for i in dev]
