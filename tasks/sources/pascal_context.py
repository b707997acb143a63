"""PASCAL-Context with five tasks, out of the archive `PASCAL_MT` of ASTMT (Maninis et al., 2019).

Semantic segmentation in 21 classes, human parts, distilled saliency and surface normals, and edges
made from the full-scene labels. What the field trains on is here; what it reports on is not: tuning
sees `val_new`, reports see `test_new`, which together are the archive's `val`. The view `legacy`
reports on all of `val`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from seesaw.tasks.families.dense.benchmarks import (
    BenchmarkEdges,
    BenchmarkNormals,
    StoredEdges,
)
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.files import Layout, Report
from seesaw.tasks.families.dense.files import check as check_layout
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.dense.task_types import Normals, Saliency, Segmentation
from seesaw.tasks.families.dense.transforms import PARTS as HUMAN_PARTS
from seesaw.tasks.sources.pascal_images import CLASSES, FirstPascalContext, PascalContext
from seesaw.tasks.task import DataError

PARTS = ("background", "head", "torso", "upper arm", "lower arm", "upper leg", "lower leg")
SIZES = {"train": 4998, "val": 5105, "val_new": 2607, "test_new": 2498}
"""Ids in the lists of the distributed archive and of the public edge benchmark."""
LISTS = "ImageSets/Context"
LAYOUT = Layout(
    folders=(
        ("JPEGImages/{id}.jpg",),
        ("pascal-context/trainval/{id}.mat",),
        ("semseg/VOC12/{id}.png", "semseg/pascal-context/{id}.png"),
        ("human_parts/{id}.mat",),
        ("normals_distill/{id}.png",),
        ("sal_distill/{id}.png",),
    ),
    splits={split: f"{LISTS}/{split}.txt" for split in SIZES},
    sizes=SIZES,
)
FIRST_TASKS: tuple[DenseTask, ...] = (
    Segmentation("semseg", len(CLASSES)),
    Segmentation(HUMAN_PARTS, len(PARTS), weight=2.0),
    Saliency("saliency", metrics=(*Saliency.metrics, "sal_maxF_b03_double_sigmoid")),
    Normals("normals"),
    BenchmarkEdges("edges"),
)
"""Of the first versions of tracks."""
TASKS = (*FIRST_TASKS[:3], BenchmarkNormals("normals"), BenchmarkEdges("edges"))
LEGACY_TASKS = (*TASKS[:4], StoredEdges("edges"))


def load(options: Mapping[str, Any], folder: Path) -> DenseData:
    """The archive in `folder`, read image by image when asked for.

    Who takes human parts alone gets the images with people, as the field's loaders do.

    Args:
        options: `view`, "clean" (tune on val_new, report on test_new) or "legacy" (report on val);
            `area`, of how many pixels people must be more to count, 0 by default; `pixels`,
            "pillow" for the data as first versions of tracks have it.
        folder: `PASCAL_MT`; the lists `val_new.txt` and `test_new.txt` of the public edge benchmark
            stand beside `val.txt`.

    Raises:
        DataError: a file is missing, the splits overlap, or `area` is no number of pixels.
    """
    ids = check(folder).complete().ids
    legacy = options["view"] == "legacy"
    names = {"train": "train", "dev": "val_new", "test": "val" if legacy else "test_new"}
    if options.get("pixels") == "pillow":
        first = {split: FirstPascalContext(folder, ids[name]) for split, name in names.items()}
        return DenseData.archive(FIRST_TASKS, first, folder, LAYOUT)
    area = options.get("area", 0)
    if not isinstance(area, int) or area < 0:
        raise DataError(f"option area is {area!r}; it must be a whole number of pixels, 0 or more")
    own = {s: PascalContext(folder, ids[name], area, not legacy) for s, name in names.items()}
    data = DenseData.archive(LEGACY_TASKS if legacy else TASKS, own, folder, LAYOUT)
    return replace(data, alone={HUMAN_PARTS: partial(_people, data, own, names)})


def _people(
    data: DenseData, splits: Mapping[str, PascalContext], names: Mapping[str, str]
) -> DenseData:
    """Human parts alone, on the images with people."""
    kept = {split: own.with_people(names[split]) for split, own in splits.items()}
    lists = [data.sha256[HUMAN_PARTS], *(own.ids for own in kept.values())]
    digest = hashlib.sha256(json.dumps(lists).encode()).hexdigest()
    return replace(data, splits=kept, sha256={HUMAN_PARTS: digest}, alone={})


def check(folder: Path) -> Report:
    """Files of every id, the sizes of the lists, and whether the clean splits make up `val`.

    Raises:
        DataError: `folder` does not exist.
    """
    report = check_layout(folder, LAYOUT)
    if len(report.ids) == len(SIZES):
        new, tested, val = (set(report.ids[split]) for split in ("val_new", "test_new", "val"))
        if new & tested or new | tested != val:
            report.problems.append("val_new and test_new do not divide val between them")
        if both := set(report.ids["train"]) & val:
            report.problems.append(f"{len(both)} ids are in train and in val: {min(both)}, ...")
    return report
