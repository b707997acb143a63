"""Rendered scenes on disk in the layout of PASCAL_MT, for code that reads that archive."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from seesaw.tasks.families.dense.sample import Array
from seesaw.tasks.parallel import helping, mapped
from seesaw.tasks.sources.scenes.render import people, sample
from seesaw.tasks.sources.scenes.scene import CLASSES, PARTS

LABEL_MAP = np.array(
    [1, 158, 440, 68, 5, 7, 8, 284, 397, 72, 220, 225, 104, 307, 12, 59, 368], np.uint16
)
"""Full-scene label (1 to 459) by class of ours; normals count on all but sky, street and trees."""
VOC = np.zeros(len(CLASSES), np.uint8)
"""Class of PASCAL VOC by class of ours."""
for ours, theirs in {"person": 15, "table": 11, "chair": 9, "car": 7, "bench": 18}.items():
    VOC[CLASSES.index(ours)] = theirs
RAW_PARTS = ("", "head", "torso", "luarm", "llarm", "luleg", "llleg")
"""Name in the annotation of PASCAL-Part by part."""
QUALITY = 95


def write(folder: Path, train: int, val: int, side: int) -> None:
    """`train` and `val` scenes with labels and id lists; the first half of `val` is `val_new`."""
    seeds = {"train": range(train), "val": range(10**6, 10**6 + val)}
    for place in (
        "JPEGImages", "ImageSets/Context", "pascal-context/trainval", "semseg/VOC12",
        "semseg/pascal-context", "human_parts", "normals_distill", "sal_distill",
    ):  # fmt: skip
        (folder / place).mkdir(parents=True, exist_ok=True)
    numbers = [seed for split in seeds.values() for seed in split]
    for _ in mapped(partial(write_one, folder, side=side), numbers, helping(len(numbers))):
        pass
    ids = {split: [identity(seed) for seed in own] for split, own in seeds.items()}
    ids["val_new"], ids["test_new"] = ids["val"][: val // 2], ids["val"][val // 2 :]
    for split, own in ids.items():
        (folder / f"ImageSets/Context/{split}.txt").write_text("\n".join(own) + "\n")


def identity(seed: int) -> str:
    """Year and number, as the archive names its images."""
    return f"{2008 + seed // 10**6}_{seed % 10**6:06d}"


def write_one(folder: Path, seed: int, side: int) -> None:
    """One scene: image and all labels."""
    scene, name = sample(seed, side), identity(seed)
    classes = scene.labels["semseg"]
    Image.fromarray(scene.image).save(folder / f"JPEGImages/{name}.jpg", quality=QUALITY)
    savemat(
        folder / f"pascal-context/trainval/{name}.mat",
        {"LabelMap": LABEL_MAP[classes]},
        do_compression=True,
    )
    # the archive has some of its maps in one folder and some in the other
    place = "VOC12" if seed % 3 else "pascal-context"
    Image.fromarray(VOC[classes]).save(folder / f"semseg/{place}/{name}.png")
    savemat(
        folder / f"human_parts/{name}.mat",
        {"anno": annotation(name, people(seed, side), scene.labels["human_parts"])},
        do_compression=True,
    )
    Image.fromarray(coded(scene.labels["normals"])).save(folder / f"normals_distill/{name}.png")
    saliency = (255 * scene.labels["saliency"]).astype(np.uint8)
    Image.fromarray(saliency).save(folder / f"sal_distill/{name}.png")


def coded(normals: Array) -> NDArray[np.uint8]:
    """Normals as 8-bit colours; the archive's y points down."""
    return np.asarray(np.round((normals * [1, -1, 1] + 1) * 127.5), np.uint8)


def annotation(name: str, owners: list[NDArray[np.bool_]], parts: Array) -> NDArray[Any]:
    """The nested struct of PASCAL-Part: objects with class, mask and parts; a car comes first."""
    objects = [_object(7, np.zeros(parts.shape, np.uint8), [])]
    for mask in owners:
        own = [(RAW_PARTS[p], mask & (parts == p)) for p in range(1, len(PARTS))]
        seen = [(part, where.astype(np.uint8)) for part, where in own if where.any()]
        objects.append(_object(15, mask.astype(np.uint8), seen))
    struct = np.zeros((1, 1), [("imname", object), ("objects", object)])
    row = np.zeros((1, len(objects)), _OBJECT)
    row[0] = objects
    struct[0, 0] = (name, row)
    return struct


_OBJECT = [("class", object), ("class_ind", object), ("mask", object), ("parts", object)]


def _object(kind: int, mask: Array, parts: list[tuple[str, Array]]) -> tuple[Any, ...]:
    shape = (1, len(parts)) if parts else (0, 0)
    listed = np.zeros(shape, [("part_name", object), ("mask", object)])
    for index, part in enumerate(parts):
        listed[0, index] = part
    return ("person" if kind == 15 else "car", kind, mask, listed)
