"""Label files of another size than their image, people who count, and human parts alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import odd_archives
import pytest
from PIL import Image
from scipy.io import loadmat, savemat
from scipy.ndimage import convolve
from skimage.morphology import thin

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.sources.pascal_context import load
from seesaw.tasks.sources.pascal_images import WITH_NORMALS, PascalContext
from seesaw.tasks.sources.pascal_parts import categories, painted_parts, with_people
from seesaw.tasks.sources.scenes.archive import annotation
from seesaw.tasks.task import DataError

NAMES = [f"2008_{number:06d}" for number in range(12)]
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twelve images, every second one with a person."""
    return odd_archives.pascal(tmp_path / "PASCAL_MT", NAMES)


@pytest.mark.parametrize("view", ["clean", "legacy"])
def test_label_files_of_another_size_in_every_view(archive: Path, view: str) -> None:
    sample = load({"view": view}, archive).splits["train"][1]
    name, nearest = NAMES[1], odd_archives.nearest
    scene = loadmat(archive / f"pascal-context/trainval/{name}.mat")["LabelMap"].astype(float)
    classes = np.asarray(Image.open(archive / f"semseg/VOC12/{name}.png"))
    anno = loadmat(archive / f"human_parts/{name}.mat")["anno"]
    saliency = np.asarray(Image.open(archive / f"sal_distill/{name}.png"))
    np.testing.assert_array_equal(sample.labels["semseg"], nearest(classes))
    np.testing.assert_array_equal(sample.labels["human_parts"], nearest(painted_parts(anno)))
    np.testing.assert_array_equal(sample.labels["saliency"], saliency > 127)  # of its image's size
    # made at the size of the file, and then resized
    edges = thin(convolve(scene, LAPLACE, mode="mirror") != 0)
    np.testing.assert_array_equal(sample.labels["edges"], nearest(edges))
    coded = np.asarray(Image.open(archive / f"normals_distill/{name}.png"))
    known = np.isin(scene, np.flatnonzero(WITH_NORMALS))
    masked = np.where(known[..., None], 2.0 * coded / 255 - 1, 0)
    size = odd_archives.IMAGE[::-1]
    wanted = cv2.resize(masked, size, interpolation=cv2.INTER_CUBIC)
    if view == "clean":
        wanted = wanted * nearest(known)[..., None]
    np.testing.assert_allclose(sample.labels["normals"], wanted, atol=1e-5)


def test_normals_of_the_images_size_are_as_in_the_file(archive: Path) -> None:
    rng = np.random.default_rng(0)
    coded = rng.integers(0, 256, (*odd_archives.IMAGE, 3), np.uint8)
    Image.fromarray(coded).save(archive / f"normals_distill/{NAMES[0]}.png")
    found = PascalContext(archive, NAMES)[0].labels["normals"]
    there = (found != 0).any(-1)
    assert 0 < there.sum() < there.size
    wanted = np.float32(2) * coded.astype(np.float32) / np.float32(255) - np.float32(1)
    np.testing.assert_array_equal(found[there], wanted[there])


def people(*areas: int, parts: bool = True) -> Any:
    """An annotation of 20 x 20 pixels with a car and people of so many pixels."""
    masks = [np.zeros((20, 20), bool) for _ in areas]
    for row, (mask, area) in enumerate(zip(masks, areas, strict=True)):
        mask[2 * row, :area] = True
    painted = np.where(np.any(masks, axis=0), 2 if parts else 0, 0)
    return annotation("x", masks, painted)


def test_who_counts_depends_on_the_area() -> None:
    anno = people(4, 9)
    assert categories(anno) == [-1, 15, 15]  # the car has no pixel
    assert categories(anno, 4) == [-1, -1, 15]
    assert categories(anno, 9) == [-1, -1, -1]
    # whoever is painted beside somebody who counts
    painted = painted_parts(anno, 4)
    assert painted is not None
    assert (painted == 2).sum() == 13
    assert painted_parts(anno, 9) is None


def test_somebody_without_parts_lets_others_be_painted() -> None:
    anno = people(4, 9)
    anno[0, 0][1][0, 2][3] = np.zeros((0, 0), object)
    painted = painted_parts(anno, 4)
    assert painted is not None
    assert (painted == 2).sum() == 4


def test_the_cache_is_the_public_loaders(archive: Path) -> None:
    path = archive / "ImageSets/Parts/train.txt"
    assert with_people(archive, "train", NAMES[:4]) == NAMES[1:4:2]
    stored = json.loads(path.read_text())
    assert list(stored) == NAMES[:4]
    assert stored[NAMES[0]] == [-1]
    assert stored[NAMES[1]] == [-1, 15]
    # it is believed as long as it is of the same images
    stored[NAMES[0]] = [15]
    path.write_text(json.dumps(stored))
    assert with_people(archive, "train", NAMES[:4]) == [NAMES[0], NAMES[1], NAMES[3]]
    assert with_people(archive, "train", NAMES[:3]) == [NAMES[1]]
    # other thresholds have files of their own
    assert with_people(archive, "train", NAMES[:3], 10**6) == []
    assert json.loads((path.parent / "train-area1000000.txt").read_text())[NAMES[1]] == [-1, -1]
    assert sorted(path.parent.iterdir()) == [path.parent / "train-area1000000.txt", path]


@pytest.mark.parametrize("content", ["{", "[1]", '{"2008_000000": ["x"]}', '{"2008_000000": 1}'])
def test_a_cache_that_is_none_is_named(archive: Path, content: str) -> None:
    path = archive / "ImageSets/Parts/train.txt"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(
        DataError, match=r"Parts/train\.txt must hold JSON, lists of .*may be deleted"
    ):
        with_people(archive, "train", NAMES[:4])


def test_human_parts_alone_are_the_images_with_people(archive: Path) -> None:
    track = get_track("pascal-context@2")
    slug, alone = track.load_data(archive, ["human_parts"])
    assert slug == "pascal-context@2-human_parts"
    names = {split: list(images.ids) for split, images in alone.splits.items()}
    assert names == {"train": NAMES[1:4:2], "dev": NAMES[5:8:2], "test": NAMES[9:12:2]}
    _, both = track.load_data(archive, ["human_parts", "semseg"])
    assert len(both.splits["train"]) == 4
    assert alone.sha256["human_parts"] != both.sha256["human_parts"]
    assert track.load_data(archive, ["human_parts"])[1].sha256 == alone.sha256
    _, semseg = track.load_data(archive, ["semseg"])
    assert len(semseg.splits["train"]) == 4
    _, first = get_track("pascal-context@1").load_data(archive, ["human_parts"])
    assert len(first.splits["train"]) == 4


def test_an_area_that_nobody_has_leaves_nothing_to_train_on(archive: Path) -> None:
    track = get_track("pascal-context@2")
    with_area = track.model_copy(update={"options": {**track.options, "area": 10**6}})
    with pytest.raises(DataError, match="human_parts has no examples in train"):
        with_area.load_data(archive, ["human_parts"])
    _, data = with_area.load_data(archive)
    assert (data.splits["train"][1].labels["human_parts"] == 255).all()
    for wrong in (-1, 0.5, "many"):
        with pytest.raises(DataError, match=r"option area is .*; it must be a whole number"):
            load({"view": "clean", "area": wrong}, archive)


def test_damaged_annotations_are_named(archive: Path) -> None:
    savemat(archive / f"human_parts/{NAMES[2]}.mat", {"anno": np.zeros((2, 2))})
    with pytest.raises(DataError, match=rf"{NAMES[2]}\.mat: `anno` is not built like"):
        with_people(archive, "train", NAMES[:4])
    assert not (archive / "ImageSets/Parts").exists()
