"""The loader of NYUD_MT on a small archive made here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import odd_archives
import pytest
from PIL import Image

from seesaw.tasks.families.dense.sample import IGNORE
from seesaw.tasks.sources.nyud import NYUD, check, load
from seesaw.tasks.task import DataError


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for place in ("images", "segmentation", "depth", "normals", "edge", "gt_sets"):
        (tmp_path / place).mkdir()
    rng = np.random.default_rng(0)
    names = [f"{n:04d}" for n in range(14)]
    for name in names:
        image = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8))
        image.save(tmp_path / f"images/{name}.jpg")
        classes = rng.integers(0, 41, (12, 16)).astype(np.uint8)
        Image.fromarray(classes).save(tmp_path / f"segmentation/{name}.png")
        np.save(tmp_path / f"depth/{name}.npy", rng.uniform(0.5, 5, (12, 16)))
        np.save(tmp_path / f"normals/{name}.npy", rng.normal(size=(12, 16, 3)))
        np.save(tmp_path / f"edge/{name}.npy", classes % 2)
    (tmp_path / "gt_sets/train.txt").write_text("\n".join(names[:11]))
    (tmp_path / "gt_sets/val.txt").write_text("\n".join(names[11:]))
    return tmp_path


def test_dev_is_held_out_from_train(archive: Path) -> None:
    data = load({}, archive)
    assert [len(data.splits[split]) for split in ("train", "dev", "test")] == [9, 2, 3]
    assert [task.metrics[0] for task in data.tasks] == [
        "miou", "depth_rmse", "normals_mean_deg", "edge_odsF",
    ]  # fmt: skip
    assert "train names 11 images, the distributed archive's 795" in check(archive).remarks


def test_labels(archive: Path) -> None:
    raw = np.asarray(Image.open(archive / "segmentation/0000.png"))
    found = NYUD(archive, ["0000"])[0].labels
    assert (found["semseg"][raw == 0] == IGNORE).all()
    assert (found["semseg"][raw > 0] == raw[raw > 0] - 1).all()
    stored = np.load(archive / "normals/0000.npy").astype(np.float32)
    np.testing.assert_array_equal(found["normals"], stored)


def test_files_of_another_size_are_resized_to_their_image(tmp_path: Path) -> None:
    odd_archives.nyud(tmp_path, ["0000", "0001", "0002", "0003"])
    found = NYUD(tmp_path, ["0000"])[0].labels
    raw = np.asarray(Image.open(tmp_path / "segmentation/0000.png"))
    raw = np.where(raw == 0, IGNORE, raw.astype(int) - 1)
    np.testing.assert_array_equal(found["semseg"], odd_archives.nearest(raw))
    depth = np.load(tmp_path / "depth/0000.npy")
    np.testing.assert_array_equal(found["depth"], odd_archives.nearest(depth))
    normals = np.load(tmp_path / "normals/0000.npy")
    size = odd_archives.IMAGE[::-1]
    cubic = cv2.resize(normals.astype(np.float64), size, interpolation=cv2.INTER_CUBIC)
    there = odd_archives.nearest((normals != 0).any(-1))[..., None]
    np.testing.assert_allclose(found["normals"], cubic * there, atol=1e-5)


def test_what_is_not_a_number_counts_for_nothing(archive: Path) -> None:
    for kind, shape in (("depth", (12, 16)), ("normals", (12, 16, 3))):
        values = np.ones(shape, np.float32)
        values[3, 4] = np.nan
        np.save(archive / f"{kind}/0000.npy", values)
    found = NYUD(archive, ["0000"])[0].labels
    assert found["depth"][3, 4] == 0
    assert (found["normals"][3, 4] == 0).all()
    assert found["depth"][0, 0] == 1


def test_bad_files_are_named(archive: Path) -> None:
    np.save(archive / "depth/0000.npy", np.ones(3))
    with pytest.raises(DataError, match=r"0000\.npy has shape \(3,\); it must have 2 dimensions"):
        NYUD(archive, ["0000"])[0]
    Image.fromarray(np.full((12, 16), 41, np.uint8)).save(archive / "segmentation/0001.png")
    with pytest.raises(DataError, match=r"0001\.png holds class 41, over 40"):
        NYUD(archive, ["0001"])[0]
    (archive / "edge/0005.npy").unlink()
    with pytest.raises(DataError, match=r"train: 1 files missing: edge/0005\.npy"):
        load({}, archive)
