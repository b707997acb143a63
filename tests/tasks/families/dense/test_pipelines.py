"""Augmentations: what happens to labels is what happens to the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.tasks.families.dense.atrc import padded, rescaled
from seesaw.tasks.families.dense.pipelines import PIPELINES, warped
from seesaw.tasks.families.dense.sample import IGNORE, Sample
from seesaw.tasks.families.dense.transforms import flipped, network_input, resized, turned, unit

SIDE = 65


def ball(radius: float = 24.0) -> Sample:
    """A ball seen from the front, y down: the normal in the plane points away from the middle."""
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2.0
    inside = x**2 + y**2 < radius**2
    z = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    normals = np.where(inside[..., None], np.stack((x, y, z), -1) / radius, 0).astype(np.float32)
    classes = np.where(inside, np.where(x > 0, 2, 1), 0).astype(np.uint8)
    image = np.repeat(60 * classes[..., None], 3, axis=-1).astype(np.uint8)
    depth = np.where(inside, 5.0, 0).astype(np.float32)
    labels = {"semseg": classes, "normals": normals, "saliency": inside.astype(np.uint8)}
    return Sample("ball", image, labels | {"depth": depth, "edges": inside.astype(np.uint8)})


@settings(max_examples=25)
@given(degrees=st.floats(-20, 20), factor=st.floats(0.75, 1.25))
def test_normals_turn_with_the_image(degrees: float, factor: float) -> None:
    found = warped(ball(), degrees, factor, IGNORE)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2.0
    core = x**2 + y**2 < (24 * factor - 4) ** 2
    expected = unit(np.stack((x, y, np.sqrt(np.maximum((24 * factor) ** 2 - x**2 - y**2, 0))), -1))
    cosine = (found.labels["normals"] * expected).sum(-1)[core]
    assert cosine.min() > np.cos(np.radians(6))
    # the two halves meet in a line through the middle, turned against the clock
    along = x * np.cos(np.radians(degrees)) - y * np.sin(np.radians(degrees))
    wanted = np.where(along > 0, 2, 1)
    clear = core & (np.abs(along) > 1.5)
    assert (found.labels["semseg"][clear] == wanted[clear]).all()
    assert (np.abs(found.image[..., 0].astype(int) - 60 * wanted)[clear] < 60).mean() > 0.97
    assert found.labels["depth"][core].mean() == pytest.approx(5 / factor, rel=1e-5)


def test_a_turn_by_zero_changes_nothing() -> None:
    before = ball()
    after = warped(before, 0.0, 1.0, IGNORE)
    np.testing.assert_array_equal(after.image, before.image)
    for task, label in before.labels.items():
        np.testing.assert_allclose(after.labels[task], label, atol=1e-6)
    still = turned(before.labels["normals"], 0.0)
    np.testing.assert_allclose(still, before.labels["normals"], atol=1e-6)


@pytest.mark.parametrize(("name", "border"), [("survey", IGNORE), ("survey-legacy", 0)])
def test_what_comes_in_from_outside(name: str, border: int) -> None:
    full = ball()
    full = replace(full, labels={**full.labels, "semseg": np.full((SIDE, SIDE), 7, np.uint8)})
    pipeline = PIPELINES[name]((SIDE, SIDE))
    seen = [
        np.unique(pipeline.train(full, np.random.default_rng(s)).labels["semseg"]) for s in range(8)
    ]
    assert {int(v) for values in seen for v in values} == {7, border}


def test_a_flip_turns_the_sign_of_x() -> None:
    before, after = ball(), flipped(ball())
    np.testing.assert_array_equal(after.image, before.image[:, ::-1])
    np.testing.assert_allclose(after.labels["normals"], before.labels["normals"], atol=1e-6)
    assert (flipped(after).labels["semseg"] == before.labels["semseg"]).all()


def test_resizing_keeps_unit_normals_and_what_is_valid() -> None:
    found = resized(ball(), (40, 30)).labels
    length = np.linalg.norm(found["normals"], axis=-1)
    np.testing.assert_allclose(length, found["saliency"] > 0, atol=1e-5)
    assert set(np.unique(found["semseg"])) <= {0, 1, 2}


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_every_pipeline_gives_its_size_and_follows_its_generator(name: str) -> None:
    pipeline = PIPELINES[name]((48, 64))
    one, same, other = (pipeline.train(ball(), np.random.default_rng(s)) for s in (3, 3, 4))
    assert one.image.shape == (48, 64, 3)
    assert all(label.shape[:2] == (48, 64) for label in one.labels.values())
    assert one.image.min() >= 0
    assert one.image.max() <= 255
    np.testing.assert_array_equal(one.image, same.image)
    assert any((one.labels[t] != other.labels[t]).any() for t in one.labels)
    assert pipeline.test(ball()).image.shape == (48, 64, 3)


@pytest.mark.parametrize("name", sorted(PIPELINES))
@pytest.mark.parametrize("native", [(40, 50), (70, 33), (48, 64)])
def test_outputs_go_back_to_where_the_image_was(name: str, native: tuple[int, int]) -> None:
    # a smooth picture that is its own prediction must come back as it was
    y, x = np.mgrid[: native[0], : native[1]]
    ramp = (255 * (x / native[1] + y / native[0]) / 2).astype(np.uint8)
    sample = Sample("ramp", np.repeat(ramp[..., None], 3, axis=-1), {})
    pipeline = PIPELINES[name]((48, 64))
    output = torch.from_numpy(pipeline.test(sample).image.copy()).movedim(-1, 0).float()
    back = pipeline.back(output, native)
    assert back.shape == (3, *native)
    assert (back[0] - torch.from_numpy(ramp).float()).abs().mean() < 4


def test_crops_avoid_what_one_class_fills() -> None:
    classes = np.zeros((200, 200), np.uint8)
    classes[:, 150:] = np.arange(50) % 5
    sample = Sample("stripes", np.zeros((200, 200, 3), np.uint8), {"semseg": classes})
    atrc = PIPELINES["atrc"]((60, 60))
    shares = []
    for seed in range(20):
        found = atrc.cropped(sample, np.random.default_rng(seed)).labels["semseg"]
        shares.append(np.bincount(found.ravel()).max() / found.size)
    assert np.mean(np.array(shares) < 0.75) > 0.6  # a random crop is in one class half of the time


def test_depth_is_divided_by_the_scale_and_padding_counts_for_nothing() -> None:
    found = padded(rescaled(ball(), 0.5), (80, 80)).labels
    assert found["depth"].max() == pytest.approx(10)
    assert (found["depth"][0] == 0).all()
    assert (found["normals"][0] == 0).all()
    assert (found["semseg"][0] == IGNORE).all()


def test_the_network_sees_normalised_images() -> None:
    white = network_input([np.full((2, 2, 3), 255, np.uint8)])
    assert white[0, 0, 0, 0].item() == pytest.approx((1 - 0.485) / 0.229, rel=1e-5)
    assert white.shape == (1, 3, 2, 2)
