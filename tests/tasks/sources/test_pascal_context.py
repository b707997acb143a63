"""The loader of PASCAL_MT on a rendered archive: labels, awkward files, and bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Seesaw
from PIL import Image
from scipy.io import savemat

from seesaw.suite.plan.request import RequestError
from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.sample import IGNORE
from seesaw.tasks.sources.pascal_context import check, load
from seesaw.tasks.sources.pascal_images import WITH_NORMALS, PascalContext
from seesaw.tasks.sources.pascal_parts import PERSON, painted_parts
from seesaw.tasks.sources.scenes.archive import LABEL_MAP, VOC, annotation, coded, identity, write
from seesaw.tasks.sources.scenes.render import sample
from seesaw.tasks.task import DataError

SIDE = 48


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("PASCAL_MT")
    write(folder, train=8, val=6, side=SIDE)
    return folder


@pytest.fixture
def archive(rendered: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(rendered, tmp_path / "PASCAL_MT"))


def first(folder: Path) -> Any:
    return PascalContext(folder, [identity(0)])[0]


@pytest.mark.parametrize("seed", range(8))
def test_labels_are_the_renderers(rendered: Path, seed: int) -> None:
    scene = sample(seed, SIDE)
    classes = scene.labels["semseg"]
    found = PascalContext(rendered, [identity(seed)])[0]
    assert np.abs(found.image.astype(int) - scene.image).mean() < 8  # JPEG
    assert np.array_equal(found.labels["semseg"], VOC[classes])
    assert np.array_equal(found.labels["human_parts"], scene.labels["human_parts"])
    assert np.array_equal(found.labels["saliency"], scene.labels["saliency"])
    assert np.array_equal(found.labels["edges"], laplacian(LABEL_MAP[classes]))
    assert np.array_equal(found.truth("edges"), outlines(LABEL_MAP[classes]))
    known = WITH_NORMALS[LABEL_MAP[classes]]
    assert (found.labels["normals"][~known] == 0).all()
    eight_bits = coded(scene.labels["normals"]).astype(np.float64)
    wanted = (2 * eight_bits / 255 - 1)[known]
    np.testing.assert_allclose(found.labels["normals"][known], wanted, atol=1e-6)


def test_splits_are_clean_or_legacy(rendered: Path) -> None:
    clean, legacy = (load({"view": view}, rendered) for view in ("clean", "legacy"))
    sizes = {split: len(images) for split, images in clean.splits.items()}
    assert sizes == {"train": 8, "dev": 3, "test": 3}
    assert len(legacy.splits["test"]) == 6
    assert len(set(clean.sha256.values())) == 1
    assert WITH_NORMALS.sum() == 170


def test_labels_of_another_size_are_brought_to_the_images(archive: Path) -> None:
    before = first(archive)
    for place in ("semseg/pascal-context", "sal_distill", "normals_distill"):
        path = archive / f"{place}/{identity(0)}.png"
        image = Image.open(path)
        image.resize((2 * SIDE, 2 * SIDE), Image.Resampling.NEAREST).save(path)
    after = first(archive)
    for task, label in before.labels.items():
        assert after.labels[task].shape == label.shape
        if task != "normals":
            assert np.array_equal(after.labels[task], label)


def test_grey_and_palette_images_and_float_labels_load(archive: Path) -> None:
    before, name = first(archive), identity(0)
    path = archive / f"semseg/pascal-context/{name}.png"
    palette = Image.open(path).convert("P")
    palette.putdata(before.labels["semseg"].ravel().tolist())
    palette.putpalette(list(range(255, -1, -1)) * 3)
    palette.save(path)
    Image.open(archive / f"JPEGImages/{name}.jpg").convert("L").save(
        archive / f"JPEGImages/{name}.jpg"
    )
    labels = LABEL_MAP[sample(0, SIDE).labels["semseg"]].astype(np.float64)
    savemat(archive / f"pascal-context/trainval/{name}.mat", {"LabelMap": labels})
    after = first(archive)
    assert after.image.shape == (SIDE, SIDE, 3)
    for task in ("semseg", "edges"):
        assert np.array_equal(after.labels[task], before.labels[task])


def test_sixteen_bit_maps(archive: Path) -> None:
    before, name = first(archive), identity(0)
    wide = Image.fromarray(np.uint16(65535) * before.labels["saliency"].astype(np.uint16))
    wide.save(archive / f"sal_distill/{name}.png")
    assert np.array_equal(first(archive).labels["saliency"], before.labels["saliency"])
    Image.fromarray(np.full((SIDE, SIDE), 300, np.uint16)).save(
        archive / f"semseg/pascal-context/{name}.png"
    )
    with pytest.raises(DataError, match=rf"{name}\.png holds 300; labels go up to 255"):
        first(archive)


def test_empty_saliency_and_zero_normals(archive: Path) -> None:
    name = identity(0)
    Image.fromarray(np.zeros((SIDE, SIDE), np.uint8)).save(archive / f"sal_distill/{name}.png")
    Image.fromarray(coded(np.zeros((SIDE, SIDE, 3)))).save(archive / f"normals_distill/{name}.png")
    found = first(archive)
    assert not found.labels["saliency"].any()
    assert np.isfinite(found.labels["normals"]).all()


def annotated(*masks: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return annotation("x", list(masks), parts)


def test_who_counts_as_a_person() -> None:
    parts = np.zeros((6, 6), np.uint8)
    parts[1:3, 1:3] = 2
    body = parts > 0
    assert painted_parts(annotated(parts=parts)) is None
    assert np.array_equal(painted_parts(annotated(body, parts=parts)), parts)
    # parts, but no area: nobody counts; beside somebody who does, they are painted
    alone = annotated(body, parts=parts)
    alone[0, 0][1][0, 1][2][:] = 0
    assert painted_parts(alone) is None
    other = np.zeros((6, 6), bool)
    other[4:, 4:] = True
    both = annotated(body, other, parts=np.where(other, 1, parts))
    both[0, 0][1][0, 1][2][:] = 0
    assert np.array_equal(painted_parts(both), np.where(other, 1, parts))
    # an area, but no parts
    assert painted_parts(annotated(body, parts=np.zeros((6, 6), np.uint8))) is None
    assert both[0, 0][1][0, 2][1] == PERSON


def test_an_image_without_people_counts_for_nothing(archive: Path) -> None:
    name = identity(0)
    empty = annotation(name, [], np.zeros((SIDE, SIDE), np.uint8))
    savemat(archive / f"human_parts/{name}.mat", {"anno": empty})
    assert (first(archive).labels["human_parts"] == IGNORE).all()


@pytest.mark.parametrize(
    "place",
    [
        "JPEGImages/{}.jpg",
        "semseg/pascal-context/{}.png",
        "sal_distill/{}.png",
        "normals_distill/{}.png",
        "pascal-context/trainval/{}.mat",
        "human_parts/{}.mat",
    ],
)
@pytest.mark.parametrize("kept", [0.0, 0.6])
def test_damaged_files_are_named(archive: Path, place: str, kept: float) -> None:
    path = archive / place.format(identity(0))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match=path.name):
        first(archive)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ({"LabelMap": np.full((4, 4), 460)}, "whole numbers 0 ... 459"),
        ({"LabelMap": np.full((4, 4), 1.5)}, "whole numbers 0 ... 459"),
        ({"Labels": np.zeros((4, 4))}, "no variable 'LabelMap'; it has: Labels"),
    ],
)
def test_label_maps_that_are_none(archive: Path, variable: dict[str, Any], message: str) -> None:
    savemat(archive / f"pascal-context/trainval/{identity(0)}.mat", variable)
    with pytest.raises(DataError, match=message):
        first(archive)


def test_annotations_built_otherwise_are_named(archive: Path) -> None:
    savemat(archive / f"human_parts/{identity(0)}.mat", {"anno": np.zeros((2, 2))})
    with pytest.raises(DataError, match="not built like PASCAL-Part's"):
        first(archive)


def test_check_names_what_is_missing(seesaw: Seesaw, archive: Path) -> None:
    answer = seesaw("data", "check", "pascal-context", str(archive))
    assert "All is there" in answer
    assert "train names 8 images, the distributed archive's 4,998" in answer
    manifest = json.loads((archive / "seesaw-manifest.json").read_text())
    assert manifest["folders"]["JPEGImages"]["files"] == 14
    (archive / f"JPEGImages/{identity(3)}.jpg").unlink()
    with pytest.raises(DataError, match=r"train: 1 files missing: JPEGImages/2008_000003\.jpg"):
        load({"view": "clean"}, archive)
    answer = seesaw("data", "check", "pascal-context", str(archive), fails=True)
    assert "JPEGImages/2008_000003.jpg" in answer


def test_data_that_changed_since_the_check_is_refused(seesaw: Seesaw, archive: Path) -> None:
    before = load({"view": "clean"}, archive).sha256
    seesaw("data", "check", "pascal-context", str(archive))
    assert load({"view": "clean"}, archive).sha256 == before
    (archive / f"sal_distill/{identity(0)}.png").write_bytes(b"other")
    with pytest.raises(DataError, match=r"not what seesaw-manifest\.json in it says"):
        load({"view": "clean"}, archive)


def test_lists_must_divide_val(archive: Path) -> None:
    (archive / "ImageSets/Context/test_new.txt").write_text(identity(10**6) + "\n")
    report = check(archive)
    assert "val_new and test_new do not divide val between them" in report.problems
    (archive / "ImageSets/Context/val_new.txt").unlink()
    assert any("val_new.txt is missing" in problem for problem in check(archive).problems)


def test_tracks_without_files_have_nothing_to_check(seesaw: Seesaw, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no data on disk"):
        seesaw("data", "check", "scenes", str(tmp_path))
