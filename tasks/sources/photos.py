"""Clothing Co-Parsing (Yang, Luo and Lin, CVPR 2014): photographs of people with 59 label classes.

From the one label map come clothing parsing, human parts, saliency of the person and boundaries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label as components

from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.files import (
    Layout,
    Report,
    fitted,
    missing,
    read_image,
    read_index,
)
from seesaw.tasks.families.dense.files import check as check_layout
from seesaw.tasks.families.dense.sample import Array, Sample
from seesaw.tasks.families.dense.task_types import Edges, Saliency, Segmentation
from seesaw.tasks.task import SPLITS, DataError

META = "meta.json"
LAYOUT = Layout(folders=(("images/{id}.jpg",), ("labels/{id}.png",)), splits={}, tables=(META,))
PARTS = ("background", "head", "upper body", "arms", "lower body", "legs", "feet")
WORN = {
    "head": "hair hat glasses sunglasses earrings",
    "upper body": "blazer blouse bodysuit bra cape cardigan coat dress hoodie intimate jacket "
    "jumper necklace romper scarf shirt suit sweater sweatshirt swimwear t-shirt tie top vest",
    "arms": "bracelet gloves ring watch",
    "lower body": "belt jeans leggings panties pants shorts skirt",
    "legs": "socks stockings tights",
    "feet": "boots clogs flats heels loafers pumps sandals shoes sneakers wedges",
}
"""Part of the body that a garment is on; skin goes by height, the rest to the background."""
FACE, HANDS = 0.2, 0.6
"""Skin whose middle is above this share of a person's height is the face, or an arm; else a leg."""
CARRIED = ("accessories", "bag", "purse", "wallet")
"""No part of a person, and not salient."""


def load(options: Mapping[str, Any], folder: Path) -> DenseData:
    """The photographs in `folder`, with its own train, dev and test ids.

    A class of garments stays one if it covers at least `least_share` of the labelled training
    pixels; the others are one class together, `other`.

    Args:
        options: `least_share`.
        folder: `images/`, `labels/` and `meta.json` with `classes` and `splits`.

    Raises:
        DataError: something is missing or damaged.
    """
    ids = check(folder).complete().ids
    names, _ = _meta(folder)
    merged, kept = merge(folder, ids["train"], len(names), options["least_share"])
    tasks = (
        Segmentation("clothing", len(kept) + 1),
        Segmentation("human_parts", len(PARTS), weight=2.0),
        Saliency("saliency"),
        Edges("edges"),
    )
    splits = {split: Photos(folder, ids[split], tuple(names), merged) for split in SPLITS}
    return DenseData.archive(tasks, splits, folder, LAYOUT)


def check(folder: Path) -> Report:
    """Whether every id has its photograph and its labels.

    Raises:
        DataError: `folder` or its `meta.json` is not there, or not what it should be.
    """
    report = check_layout(folder, LAYOUT)
    _, ids = _meta(folder)
    report.ids.update(ids)
    for split in SPLITS:
        report.problems.extend(missing(folder, LAYOUT, split, ids[split]))
    if both := set(ids["train"]) & (set(ids["dev"]) | set(ids["test"])):
        report.problems.append(f"{len(both)} ids are in train and elsewhere: {min(both)}, ...")
    return report


def _meta(folder: Path) -> tuple[list[str], dict[str, list[str]]]:
    path = folder / META
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names, splits = list(content["classes"]), dict(content["splits"])
        return names, {split: list(splits[split]) for split in SPLITS}
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} must hold `classes` and `splits`: {error!r}") from None


def merge(
    folder: Path, ids: Sequence[str], classes: int, least: float
) -> tuple[NDArray[np.uint8], list[int]]:
    """A table from raw classes to merged ones, and the raw classes that stayed.

    Background stays 0, the classes with at least `least` of the labelled pixels follow in order,
    and all others are the last one.
    """
    counts = np.zeros(256, np.int64)
    for name in ids:
        counts += np.bincount(read_index(folder / f"labels/{name}.png").ravel(), minlength=256)
    labelled = counts[1:classes].sum()
    kept = [0, *(c for c in range(1, classes) if counts[c] >= least * labelled)]
    table = np.full(256, len(kept), np.uint8)
    table[kept] = np.arange(len(kept))
    return table, kept


@dataclass(frozen=True)
class Photos:
    """Photographs of one split."""

    folder: Path
    ids: Sequence[str]
    names: tuple[str, ...]
    merged: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Read one photograph and make its labels.

        Raises:
            DataError: a file is missing or damaged, or a class is out of range.
        """
        image_path = self.folder / f"images/{self.ids[index]}.jpg"
        label_path = self.folder / f"labels/{self.ids[index]}.png"
        image = read_image(image_path)
        raw = read_index(label_path)
        if raw.max() >= len(self.names):
            raise DataError(f"{label_path} holds class {raw.max()}, over {len(self.names) - 1}")
        raw = fitted(raw, image.shape)
        clothing = self.merged[raw]
        labels: dict[str, Array] = {
            "clothing": clothing,
            "human_parts": parts(raw, self.part_of, self.names.index("skin")),
            "saliency": self.on_person[raw],
            "edges": laplacian(clothing).astype(np.uint8),
        }
        scored = {"edges": outlines(clothing).astype(np.uint8)}
        return Sample(image_path.name, image, labels, scored)

    @cached_property
    def part_of(self) -> NDArray[np.uint8]:
        """Part by raw class."""
        table = np.zeros(256, np.uint8)
        for part, garments in WORN.items():
            known = [self.names.index(name) for name in garments.split() if name in self.names]
            table[known] = PARTS.index(part)
        return table

    @cached_property
    def on_person(self) -> NDArray[np.uint8]:
        """1 for raw classes that belong to the person."""
        table = np.zeros(256, np.uint8)
        table[1 : len(self.names)] = 1
        table[[self.names.index(name) for name in CARRIED if name in self.names]] = 0
        return table


def parts(raw: NDArray[np.uint8], part_of: NDArray[np.uint8], skin: int) -> NDArray[np.uint8]:
    """Body parts (H, W): garments by their class, every piece of skin by its height."""
    found = part_of[raw]
    pieces, count = components(raw == skin)
    rows = np.nonzero((found > 0) | (pieces > 0))[0]
    if not len(rows):
        return found
    top, height = rows.min(), max(1, np.ptp(rows))
    for piece in range(1, count + 1):
        at = (np.nonzero(pieces == piece)[0].mean() - top) / height
        part = "head" if at < FACE else "arms" if at < HANDS else "legs"
        found[pieces == piece] = PARTS.index(part)
    return found
