"""People in the annotations of PASCAL-Part: whom a toolchain counts, and their painted parts.

Who counts is kept in the archive's `ImageSets/Parts/`, where the public loaders keep it too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from seesaw.tasks.families.dense.files import read_mat
from seesaw.tasks.parallel import helping, mapped
from seesaw.tasks.task import DataError

RAW_PARTS = {
    1: "hair head lear rear lebrow rebrow leye reye nose mouth",
    2: "neck torso",
    3: "luarm ruarm",
    4: "llarm rlarm lhand rhand",
    5: "luleg ruleg",
    6: "llleg rlleg lfoot rfoot",
}
"""Names in the annotation, by part."""
PART_OF = {name: part for part, names in RAW_PARTS.items() for name in names.split()}
PERSON = 15
SMALL = -1
"""Category of objects that are no larger than the threshold."""
Categories = dict[str, list[int]]
CACHE = TypeAdapter(Categories)


def categories(annotation: Any, area: int = 0) -> list[int]:
    """Category of every object (H, W), `SMALL` for those of at most `area` pixels."""
    return [
        int(np.ravel(thing[1])[0]) if np.sum(thing[2], dtype=np.int64) > area else SMALL
        for thing in annotation[0][0][1][0]
    ]


def people(annotation: Any) -> Iterator[Any]:
    """The objects that are people: class at 1, mask at 2, parts at 3."""
    for thing in annotation[0][0][1][0]:
        if int(np.ravel(thing[1])[0]) == PERSON:
            yield thing


def painted_parts(annotation: Any, area: int = 0) -> NDArray[np.uint8] | None:
    """Part indices (H, W) of the people in an annotation; None if nobody counts.

    Somebody counts who is larger than `area` pixels; then everybody who has parts is painted, later
    parts and people over earlier ones.
    """
    if PERSON not in categories(annotation, area):
        return None
    painted: NDArray[np.uint8] | None = None
    for person in people(annotation):
        for part in person[3][0] if np.size(person[3]) else ():
            mask = part[1].astype(bool)
            if painted is None:
                painted = np.zeros(mask.shape, np.uint8)
            painted[mask] = PART_OF[str(np.ravel(part[0])[0])]
    return painted if painted is not None and painted.any() else None


@contextmanager
def annotation_of(folder: Path, name: str) -> Iterator[Any]:
    """The annotation of one image.

    Raises:
        DataError: missing, damaged, or not built as what is done with it inside needs it.
    """
    path = folder / f"human_parts/{name}.mat"
    annotation = read_mat(path, "anno")
    try:
        yield annotation
    except (IndexError, TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: `anno` is not built like PASCAL-Part's: {error!r}") from None


def with_people(folder: Path, split: str, ids: Sequence[str], area: int = 0) -> list[str]:
    """Those of `ids` that somebody larger than `area` pixels is in, with parts or without.

    Raises:
        DataError: an annotation is missing or damaged, or the cache is none.
    """
    name = split if area == 0 else f"{split}-area{area}"
    path = folder / f"ImageSets/Parts/{name}.txt"
    found = _cached(path)
    if set(found) != set(ids):
        rows = mapped(_Categories(folder, area), ids, helping(len(ids)), 8)
        found = dict(zip(ids, rows, strict=True))
        _keep(path, found)
    return [one for one in ids if PERSON in found[one]]


@dataclass(frozen=True)
class _Categories:
    folder: Path
    area: int

    def __call__(self, name: str) -> list[int]:
        with annotation_of(self.folder, name) as annotation:
            return categories(annotation, self.area)


def _cached(path: Path) -> Categories:
    try:
        return CACHE.validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return {}
    except ValidationError as error:
        wrong = error.errors()[0]["msg"]
    except OSError as error:
        wrong = str(error)
    raise DataError(
        f"{path} must hold JSON, lists of category numbers by image: {wrong}; it may be deleted"
    )


def _keep(path: Path, found: Mapping[str, list[int]]) -> None:
    """Write the cache whole; an archive that cannot be written to does without."""
    lines = ",\n".join(f"\t{json.dumps(name)}: {json.dumps(row)}" for name, row in found.items())
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        os.replace(temporary, path)
