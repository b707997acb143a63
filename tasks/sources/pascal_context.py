"""PASCAL-Context with five tasks, out of the archive `PASCAL_MT` of ASTMT (Maninis et al., 2019).

Semantic segmentation in 21 classes, human parts, distilled saliency and surface normals, and edges
made from the full-scene labels. What the field trains on is here; what it reports on is not: tuning
sees `val_new`, reports see `test_new`, which together are the archive's `val`. The view `legacy`
reports on all of `val`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.files import (
    Layout,
    Report,
    fitted,
    read_image,
    read_index,
    read_mat,
    read_share,
)
from seesaw.tasks.families.dense.files import check as check_layout
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample
from seesaw.tasks.families.dense.task_types import (
    BenchmarkEdges,
    DenseTask,
    Normals,
    Saliency,
    Segmentation,
)
from seesaw.tasks.families.dense.transforms import unit
from seesaw.tasks.task import DataError

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
    "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
)  # fmt: skip
PARTS = ("background", "head", "torso", "upper arm", "lower arm", "upper leg", "lower leg")
RAW_PARTS = {
    1: "hair head lear rear lebrow rebrow leye reye nose mouth",
    2: "neck torso",
    3: "luarm ruarm",
    4: "llarm rlarm lhand rhand",
    5: "luleg ruleg",
    6: "llleg rlleg lfoot rfoot",
}
"""Names in the annotation of PASCAL-Part, by part."""
PART_OF = {name: part for part, names in RAW_PARTS.items() for name in names.split()}
PERSON = CLASSES.index("person")
WITH_NORMALS = np.zeros(65536, bool)
"""Whether a full-scene label's name is known to NYU too, so that its normals count."""
WITH_NORMALS[
    [
        3, 4, 6, 9, 10, 11, 13, 15, 17, 18, 22, 23, 29, 30, 33, 34, 36, 37, 38, 39, 41, 43, 46, 49,
        50, 51, 53, 55, 56, 59, 61, 62, 65, 66, 68, 69, 72, 73, 78, 83, 84, 85, 87, 88, 95, 96, 101,
        104, 105, 107, 111, 113, 115, 122, 124, 135, 141, 142, 143, 146, 150, 154, 157, 158, 159,
        165, 172, 174, 181, 183, 184, 191, 193, 195, 197, 199, 202, 213, 215, 216, 219, 220, 223,
        225, 228, 230, 232, 233, 238, 239, 242, 243, 246, 250, 251, 252, 255, 260, 261, 263, 269,
        272, 273, 275, 281, 283, 284, 285, 286, 287, 288, 290, 291, 292, 293, 295, 304, 307, 309,
        310, 314, 315, 319, 323, 329, 330, 331, 336, 342, 345, 349, 350, 351, 352, 355, 357, 368,
        370, 371, 374, 379, 380, 383, 384, 397, 401, 403, 405, 407, 408, 411, 412, 413, 414, 417,
        419, 421, 423, 427, 429, 430, 432, 440, 441, 442, 443, 444, 446, 454, 457,
    ]
] = True  # fmt: skip
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
TASKS: tuple[DenseTask, ...] = (
    Segmentation("semseg", len(CLASSES)),
    Segmentation("human_parts", len(PARTS), weight=2.0),
    Saliency("saliency", metrics=(*Saliency.metrics, "sal_maxF_b03_double_sigmoid")),
    Normals("normals"),
    BenchmarkEdges("edges"),
)


def load(options: Mapping[str, Any], folder: Path) -> DenseData:
    """The archive in `folder`, read image by image when asked for.

    Args:
        options: `view`, "clean" (tune on val_new, report on test_new) or "legacy" (report on val).
        folder: `PASCAL_MT`; the lists `val_new.txt` and `test_new.txt` of the public edge benchmark
            stand beside `val.txt`.

    Raises:
        DataError: a file is missing, or the splits overlap.
    """
    ids = check(folder).complete().ids
    names = {"train": "train", "dev": "val_new", "test": "test_new"}
    if options["view"] == "legacy":
        names["test"] = "val"
    splits = {split: PascalContext(folder, ids[name]) for split, name in names.items()}
    return DenseData.archive(TASKS, splits, folder, LAYOUT)


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


@dataclass(frozen=True)
class PascalContext:
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
        image = read_image(self.folder / f"JPEGImages/{name}.jpg")
        size = image.shape[:2]
        scene = fitted(self._scene(name), size)
        normals = np.where(WITH_NORMALS[scene][..., None], self._normals(name, size), 0)
        labels: dict[str, Array] = {
            "semseg": fitted(self._semseg(name), size),
            "human_parts": fitted(self._parts(name), size),
            "saliency": fitted(self._saliency(name), size),
            "normals": normals.astype(np.float32),
            "edges": laplacian(scene).astype(np.uint8),
        }
        scored = {"edges": outlines(scene).astype(np.uint8)}
        return Sample(str(self.folder / f"JPEGImages/{name}.jpg"), image, labels, scored)

    def _scene(self, name: str) -> NDArray[np.uint16]:
        path = self.folder / f"pascal-context/trainval/{name}.mat"
        labels = np.asarray(read_mat(path, "LabelMap"))
        # some files hold class ids as floats
        if labels.ndim != 2 or labels.min() < 0 or labels.max() > 459 or (labels % 1).any():
            raise DataError(f"{path}: LabelMap must hold whole numbers 0 ... 459, (H, W)")
        return labels.astype(np.uint16)

    def _semseg(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"semseg/VOC12/{name}.png"
        if not path.is_file():
            path = self.folder / f"semseg/pascal-context/{name}.png"
        labels = read_index(path)
        if ((labels >= len(CLASSES)) & (labels != IGNORE)).any():
            raise DataError(f"{path} holds class {labels[labels != IGNORE].max()}, over 20")
        return labels

    def _parts(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"human_parts/{name}.mat"
        annotation = read_mat(path, "anno")
        try:
            painted = painted_parts(annotation)
        except (IndexError, TypeError, KeyError, ValueError) as error:
            raise DataError(f"{path}: `anno` is not built like PASCAL-Part's: {error!r}") from None
        # nobody there: no pixel counts
        return painted if painted is not None else np.full((1, 1), IGNORE, np.uint8)

    def _saliency(self, name: str) -> NDArray[np.uint8]:
        return (read_share(self.folder / f"sal_distill/{name}.png") > 0.5).astype(np.uint8)

    def _normals(self, name: str, size: tuple[int, ...]) -> NDArray[np.float32]:
        coded = read_image(self.folder / f"normals_distill/{name}.png")
        return unit(2.0 * fitted(coded, size, cubic=True).astype(np.float32) / 255 - 1)


def painted_parts(annotation: Any) -> NDArray[np.uint8] | None:
    """Part indices (H, W) of the people in an annotation of PASCAL-Part; None if nobody counts.

    Someone counts who has parts and an area; who has parts but no area is painted beside others.
    Later parts and people cover earlier ones.
    """
    painted: NDArray[np.uint8] | None = None
    counts = False
    for person in annotation[0][0][1][0]:
        if int(np.ravel(person[1])[0]) != PERSON or not np.size(person[3]):
            continue
        counts |= bool(np.any(person[2]))
        for part in person[3][0]:
            mask = part[1].astype(bool)
            if painted is None:
                painted = np.zeros(mask.shape, np.uint8)
            painted[mask] = PART_OF[str(np.ravel(part[0])[0])]
    return painted if counts and painted is not None and painted.any() else None
