"""The photographs: classes merged by their share, parts by garment and height, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seesaw.tasks.sources.photos import PARTS, load, merge, parts
from seesaw.tasks.task import DataError

NAMES = ["null", "bag", "hair", "jeans", "shirt", "shoes", "skin", "tie"]
OPTIONS = {"least_share": 0.02}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photographs of one figure, 40 high: hair, shirt, jeans, shoes, and skin in between."""
    raw = np.zeros((48, 20), np.uint8)
    raw[4:8, 8:12] = NAMES.index("hair")
    raw[8:11, 8:12] = NAMES.index("skin")
    raw[11:24, 6:14] = NAMES.index("shirt")
    raw[15:18, 9] = NAMES.index("tie")
    raw[20:24, 2:5] = NAMES.index("skin")
    raw[24:36, 7:13] = NAMES.index("jeans")
    raw[36:40, 7:9] = NAMES.index("skin")
    raw[40:44, 6:14] = NAMES.index("shoes")
    raw[24:30, 16:19] = NAMES.index("bag")
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    ids = {"train": ["1", "2"], "dev": ["3"], "test": ["4"]}
    for name in "1234":
        Image.fromarray(raw).save(tmp_path / f"labels/{name}.png")
        Image.fromarray(np.repeat(30 * raw[..., None], 3, -1)).save(tmp_path / f"images/{name}.jpg")
    (tmp_path / "meta.json").write_text(json.dumps({"classes": NAMES, "splits": ids}))
    return tmp_path


def test_rare_classes_are_one(folder: Path) -> None:
    table, kept = merge(folder, ["1", "2"], len(NAMES), 0.02)
    assert [NAMES[c] for c in kept] == ["null", "bag", "hair", "jeans", "shirt", "shoes", "skin"]
    assert table[NAMES.index("tie")] == len(kept)
    assert table[0] == 0


def test_labels_of_a_figure(folder: Path) -> None:
    data = load(OPTIONS, folder)
    assert [task.name for task in data.tasks] == ["clothing", "human_parts", "saliency", "edges"]
    assert data.tasks[0].n_classes == 8
    found = data.splits["test"][0].labels
    part = found["human_parts"]
    for at, wanted in {
        (5, 9): "head", (9, 9): "head", (12, 8): "upper body", (21, 3): "arms",
        (26, 9): "lower body", (38, 8): "legs", (42, 9): "feet", (26, 17): "background",
    }.items():  # fmt: skip
        assert PARTS[part[at]] == wanted, at
    assert found["saliency"][9, 9] == 1
    assert found["saliency"][26, 17] == 0
    assert found["edges"].any()


def test_nobody_in_the_picture() -> None:
    assert not parts(np.zeros((4, 4), np.uint8), np.zeros(256, np.uint8), 6).any()


def test_bad_folders_are_named(folder: Path) -> None:
    Image.fromarray(np.full((48, 20), 9, np.uint8)).save(folder / "labels/4.png")
    with pytest.raises(DataError, match=r"labels/4\.png holds class 9, over 7"):
        load(OPTIONS, folder).splits["test"][0]
    (folder / "images/3.jpg").unlink()
    with pytest.raises(DataError, match=r"dev: 1 files missing: images/3\.jpg"):
        load(OPTIONS, folder)
    (folder / "meta.json").write_text("{}")
    with pytest.raises(DataError, match=r"meta\.json must hold `classes` and `splits`"):
        load(OPTIONS, folder)
    with pytest.raises(DataError, match="does not exist"):
        load(OPTIONS, folder / "none")


def test_the_real_photographs(shared_data: Path) -> None:
    data = load({"least_share": 0.01}, shared_data / "ccp")
    assert [len(data.splits[split]) for split in ("train", "dev", "test")] == [603, 201, 200]
    sample = data.splits["test"][0]
    assert set(np.unique(sample.labels["human_parts"])) >= {0, 1, 2, 6}
    assert 0.02 < sample.labels["saliency"].mean() < 0.6
