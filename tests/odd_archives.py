"""Small archives of drawn numbers whose label files are of other sizes than their images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat

from seesaw.tasks.sources.scenes.archive import annotation

IMAGE, LABEL = (40, 53), (31, 64)
"""Height and width of images, and of label files."""


def blocks(rng: np.random.Generator, high: int, size: tuple[int, int]) -> NDArray[np.int64]:
    """Numbers below `high` in blocks of 4 x 4, so that resizing them is seen at borders."""
    coarse = rng.integers(0, high, (size[0] // 4 + 1, size[1] // 4 + 1))
    return np.kron(coarse, np.ones((4, 4), int))[: size[0], : size[1]]


def nearest(values: NDArray[Any]) -> NDArray[Any]:
    """Values of a label file's size at their image's: each from floor(position * scale)."""
    rows = np.arange(IMAGE[0]) * LABEL[0] // IMAGE[0]
    columns = np.arange(IMAGE[1]) * LABEL[1] // IMAGE[1]
    return values[rows][:, columns]


def pascal(folder: Path, names: list[str]) -> Path:
    """`PASCAL_MT` with `names` as train, val_new and test_new, a third each."""
    for place in (
        "JPEGImages", "ImageSets/Context", "pascal-context/trainval", "semseg/VOC12",
        "human_parts", "normals_distill", "sal_distill",
    ):  # fmt: skip
        (folder / place).mkdir(parents=True)
    for seed, name in enumerate(names):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 256, (*IMAGE, 3), np.uint8)
        Image.fromarray(image).save(folder / f"JPEGImages/{name}.jpg", quality=95)
        scene = {"LabelMap": blocks(rng, 460, LABEL).astype(np.uint16)}
        savemat(folder / f"pascal-context/trainval/{name}.mat", scene)
        for place, high, size in (("semseg/VOC12", 21, LABEL), ("sal_distill", 256, IMAGE)):
            label = blocks(rng, high, size).astype(np.uint8)
            Image.fromarray(label).save(folder / f"{place}/{name}.png")
        coded = np.stack([blocks(rng, 256, LABEL) for _ in range(3)], axis=-1).astype(np.uint8)
        Image.fromarray(coded).save(folder / f"normals_distill/{name}.png")
        parts = blocks(rng, 7, LABEL).astype(np.uint8)
        owners = [parts > 0] if seed % 2 else []
        anno = {"anno": annotation(name, owners, parts)}
        savemat(folder / f"human_parts/{name}.mat", anno)
    third = len(names) // 3
    lists = {"train": names[:third], "val": names[third:]}
    lists |= {"val_new": names[third : 2 * third], "test_new": names[2 * third :]}
    for split, own in lists.items():
        (folder / f"ImageSets/Context/{split}.txt").write_text("\n".join(own) + "\n")
    return folder


def nyud(folder: Path, names: list[str]) -> Path:
    """`NYUD_MT` with `names`, of which the last three are `val`."""
    for place in ("images", "segmentation", "depth", "normals", "edge", "gt_sets"):
        (folder / place).mkdir(parents=True)
    for seed, name in enumerate(names):
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 256, (*IMAGE, 3), np.uint8)
        Image.fromarray(image).save(folder / f"images/{name}.jpg", quality=95)
        classes = blocks(rng, 41, LABEL).astype(np.uint8)
        Image.fromarray(classes).save(folder / f"segmentation/{name}.png")
        np.save(folder / f"depth/{name}.npy", blocks(rng, 80, LABEL) / 8)
        normals = np.stack([blocks(rng, 9, LABEL) - 4 for _ in range(3)], axis=-1) / 8
        np.save(folder / f"normals/{name}.npy", normals)
        np.save(folder / f"edge/{name}.npy", blocks(rng, 2, LABEL))
    (folder / "gt_sets/train.txt").write_text("\n".join(names[:-3]))
    (folder / "gt_sets/val.txt").write_text("\n".join(names[-3:]))
    return folder
