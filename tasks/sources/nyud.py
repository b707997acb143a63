"""NYUD-v2 with four tasks, out of the archive `NYUD_MT` of the survey (arXiv 2004.13379).

Semantic segmentation in 40 classes, depth, surface normals and edges. Its `val` is everyone's test
set; what we tune on is held out from `train`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from seesaw.tasks.families.dense.benchmarks import (
    BenchmarkDepth,
    BenchmarkEdges,
    BenchmarkNormals,
)
from seesaw.tasks.families.dense.boundaries import outlines
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.files import (
    Layout,
    Report,
    fitted,
    read_array,
    read_image,
    read_index,
)
from seesaw.tasks.families.dense.files import check as check_layout
from seesaw.tasks.families.dense.opencv import resize
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.dense.task_types import Depth, Normals, Segmentation
from seesaw.tasks.families.dense.transforms import interpolated, unit
from seesaw.tasks.task import DataError

N_CLASSES = 40
SIZES = {"train": 795, "val": 654}
"""Ids in the lists of the distributed archive."""
HELD_OUT = 10
"""One training image in so many is in dev instead."""
LAYOUT = Layout(
    folders=(
        ("images/{id}.jpg", "images/{id}.png"),
        ("segmentation/{id}.png",),
        ("depth/{id}.npy",),
        ("normals/{id}.npy",),
        ("edge/{id}.npy",),
    ),
    splits={split: f"gt_sets/{split}.txt" for split in SIZES},
    sizes=SIZES,
)
FIRST_TASKS: tuple[DenseTask, ...] = (
    Segmentation("semseg", N_CLASSES),
    Depth("depth"),
    Normals("normals"),
    BenchmarkEdges("edges", max_distance=0.011),
)
"""Of the first version of the track."""
TASKS = (FIRST_TASKS[0], BenchmarkDepth("depth"), BenchmarkNormals("normals"), FIRST_TASKS[3])


def load(options: Mapping[str, Any], folder: Path) -> DenseData:
    """The archive in `folder`, read image by image when asked for.

    Args:
        options: `pixels`, "pillow" for the data as first versions of tracks have it.
        folder: `NYUD_MT`.

    Raises:
        DataError: a file is missing.
    """
    found = check(folder).complete().ids
    train, val = found["train"], found["val"]
    rest = [name for index, name in enumerate(train) if index % HELD_OUT]
    ids = {"train": rest, "dev": train[::HELD_OUT], "test": val}
    first = options.get("pixels") == "pillow"
    kind, tasks = (FirstNYUD, FIRST_TASKS) if first else (NYUD, TASKS)
    splits = {split: kind(folder, own) for split, own in ids.items()}
    return DenseData.archive(tasks, splits, folder, LAYOUT)


def check(folder: Path) -> Report:
    """Files of every id, and the sizes of the lists.

    Raises:
        DataError: `folder` does not exist.
    """
    return check_layout(folder, LAYOUT)


@dataclass(frozen=True)
class NYUD:
    """Images of one split."""

    folder: Path
    ids: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Read one image and all its labels.

        Raises:
            DataError: a file is missing, damaged, or holds what no label can be.
        """
        name = self.ids[index]
        path = self.folder / f"images/{name}.jpg"
        image = read_image(path if path.is_file() else path.with_suffix(".png"))
        labels: dict[str, Array] = {
            "semseg": self._fitted(self._semseg(name), image.shape),
            "depth": self._fitted(np.maximum(self._array("depth", name, 2), 0), image.shape),
            "normals": self._normals(self._array("normals", name, 3), image.shape),
            "edges": self._fitted(
                (self._array("edge", name, 2) > 0.5).astype(np.uint8), image.shape
            ),
        }
        # the public tool takes the boundary step on this map too
        scored = {"edges": outlines(labels["edges"]).astype(np.uint8)}
        return Sample(str(path), image, labels, scored)

    def _fitted(self, label: Array, size: tuple[int, ...]) -> Array:
        return resize(label, "nearest", size)

    def _normals(self, normals: Array, size: tuple[int, ...]) -> Array:
        return interpolated(normals, partial(resize, size=size), masked=True)

    def _semseg(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"segmentation/{name}.png"
        labels = read_index(path)
        if labels.max() > N_CLASSES:
            raise DataError(f"{path} holds class {labels.max()}, over {N_CLASSES}")
        return np.where(labels == 0, IGNORE, labels - 1).astype(np.uint8)

    def _array(self, kind: str, name: str, ndim: int) -> Array:
        return read_array(self.folder / f"{kind}/{name}.npy", ndim)


class FirstNYUD(NYUD):
    """The images as the first version of the track has them, resized by Pillow, normals made unit.

    Only where files are of another size than their image, or normals are none, is this another.
    """

    @override
    def _fitted(self, label: Array, size: tuple[int, ...]) -> Array:
        return fitted(label, size)

    @override
    def _normals(self, normals: Array, size: tuple[int, ...]) -> Array:
        return unit(fitted(normals, size))
