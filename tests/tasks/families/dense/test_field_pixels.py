"""Pipelines against the steps of the field's toolchains, written out one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion

from seesaw.tasks.families.dense.atrc import distorted
from seesaw.tasks.families.dense.pipelines import PIPELINES
from seesaw.tasks.families.dense.sample import IGNORE, Sample
from seesaw.tasks.families.dense.transforms import MEAN, network_input, unit

MASKS = ("semseg", "human_parts", "saliency", "edges")


def drawn(seed: int, height: int, width: int) -> Sample:
    """Blocks and noise; no block of normals is a unit vector, some are none."""
    rng = np.random.default_rng(seed)

    def blocks(high: int) -> Any:
        coarse = rng.integers(0, high, (height // 6 + 1, width // 6 + 1))
        return np.kron(coarse, np.ones((6, 6), int))[:height, :width]

    normals = np.stack([blocks(200) / 100 - 1 for _ in range(3)], axis=-1)
    labels = {
        name: blocks(high).astype(np.uint8) for name, high in zip(MASKS, (21, 7, 2, 2), strict=True)
    }
    labels["normals"] = (normals * (blocks(3) > 0)[..., None]).astype(np.float32)
    labels["depth"] = (blocks(80) / 8).astype(np.float32)
    return Sample("drawn", rng.integers(0, 256, (height, width, 3), np.uint8), labels)


def survey(
    sample: Sample, rng: np.random.Generator, size: tuple[int, int], turned: bool = True
) -> dict[str, Any]:
    """Flip, rotation and scale about the middle, resize, 8 bits; in doubles, as the original."""
    image = sample.image.astype(np.float32)
    labels = {name: label.copy() for name, label in sample.labels.items()}
    normals = labels.pop("normals").astype(np.float64)
    if rng.random() < 0.5:
        image, normals = image[:, ::-1].copy(), normals[:, ::-1].copy()
        normals[..., 0] *= -1
        labels = {name: label[:, ::-1].copy() for name, label in labels.items()}
    degrees = rng.uniform(-20, 20) if turned else 0
    scale = rng.uniform(0.75, 1.25) if turned else float(rng.choice([1.0, 1.2, 1.5]))
    height, width = image.shape[:2]
    move = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    angle, radius = np.arctan2(normals[..., 0], normals[..., 1]), np.hypot(*normals[..., :2].T).T
    normals[..., 0] = radius * np.sin(angle + np.radians(degrees))
    normals[..., 1] = radius * np.cos(angle + np.radians(degrees))

    def moved(values: Any, flag: int) -> Any:
        return cv2.resize(cv2.warpAffine(values, move, (width, height), flags=flag), size[::-1],
                          interpolation=flag)  # fmt: skip

    normals = moved(normals, cv2.INTER_CUBIC)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + np.finfo(np.float32).eps
    found = {
        name: moved(label.astype(np.float32), cv2.INTER_NEAREST) for name, label in labels.items()
    }
    found["depth"] /= np.float32(scale)
    if (found["human_parts"] == 0).all():
        found["human_parts"][:] = IGNORE
    image = moved(image, cv2.INTER_CUBIC)
    return found | {"normals": normals, "image": image}


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), height=st.integers(20, 90), width=st.integers(20, 90))
def test_the_survey_to_the_pixel(seed: int, height: int, width: int) -> None:
    sample, size = drawn(seed, height, width), (48, 56)
    wanted = survey(sample, np.random.default_rng(seed), size)
    found = PIPELINES["survey-legacy"](size).train(sample, np.random.default_rng(seed))
    # truncated towards zero and taken modulo 256
    wrapped = (np.trunc(wanted["image"]).astype(np.int64) % 256).astype(np.uint8)
    np.testing.assert_array_equal(found.image, wrapped)
    for name in (*MASKS, "depth"):
        np.testing.assert_array_equal(found.labels[name], wanted[name])
    np.testing.assert_allclose(found.labels["normals"], wanted["normals"], atol=1e-6)
    np.testing.assert_array_equal(
        (found.labels["normals"] == 0).all(-1), (wanted["normals"] == 0).all(-1)
    )


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_clean_mends_only_the_quirks(seed: int) -> None:
    sample, size = drawn(seed, 60, 80), (48, 56)
    half = np.arange(80) > 30
    normals = np.where(half[:, None], unit(sample.labels["normals"] + 0.1), 0)
    seen = np.broadcast_to(half, (60, 80)).astype(np.uint8)
    labels = {**sample.labels, "normals": normals.astype(np.float32), "saliency": seen}
    sample = replace(sample, labels=labels)
    wanted = survey(sample, np.random.default_rng(seed), size)
    found = PIPELINES["survey"](size).train(sample, np.random.default_rng(seed))
    np.testing.assert_array_equal(
        found.image, np.trunc(np.clip(wanted["image"], 0, 255)).astype(np.uint8)
    )
    for name in MASKS:
        inside = found.labels[name] != IGNORE
        assert inside.mean() > 0.5
        np.testing.assert_array_equal(found.labels[name][inside], wanted[name][inside])
        assert (wanted[name][~inside] == 0).all()
    there = (found.labels["normals"] != 0).any(-1)
    # none where the nearest pixel has none; away from there, the same
    assert (found.labels["saliency"][there] == 1).all()
    inner = binary_erosion(there, iterations=5)
    assert inner.sum() > 200
    np.testing.assert_allclose(found.labels["normals"][inner], wanted["normals"][inner], atol=1e-6)


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_nyud_is_not_turned(seed: int) -> None:
    sample, size = drawn(seed, 60, 80), (48, 56)
    wanted = survey(sample, np.random.default_rng(seed), size, turned=False)
    found = PIPELINES["survey-nyud"](size).train(sample, np.random.default_rng(seed))
    for name in ("semseg", "depth"):
        np.testing.assert_array_equal(found.labels[name], wanted[name])


@pytest.mark.parametrize("name", ["survey", "survey-legacy"])
def test_what_is_tested_on_is_only_resized(name: str) -> None:
    sample = drawn(3, 50, 70)
    found = PIPELINES[name]((48, 56)).test(sample).image
    cubic = cv2.resize(sample.image.astype(np.float32), (56, 48), interpolation=cv2.INTER_CUBIC)
    assert cubic.max() > 256
    assert cubic.min() < -1
    whole = np.trunc(cubic).astype(np.int64)
    wanted = whole % 256 if name == "survey-legacy" else np.clip(whole, 0, 255)
    np.testing.assert_array_equal(found, wanted)


def eight_bits(values: Any) -> Any:
    return np.trunc(np.clip(values, 0, 255)).astype(np.uint8)


def atrc(sample: Sample, rng: np.random.Generator, size: tuple[int, int]) -> dict[str, Any]:
    """Scale, crop, flip, colours, normalise, pad."""
    scale = rng.uniform(0.5, 2.0)
    height, width = (int(scale * side) for side in sample.image.shape[:2])
    image = cv2.resize(sample.image.astype(np.float32), (width, height))
    labels = {
        name: cv2.resize(label, (width, height), interpolation=cv2.INTER_NEAREST)
        for name, label in sample.labels.items()
    }
    labels["depth"] = labels["depth"] / np.float32(scale)

    def place() -> Any:
        top = rng.integers(0, max(height - size[0], 0), endpoint=True)
        left = rng.integers(0, max(width - size[1], 0), endpoint=True)
        return np.s_[top : top + size[0], left : left + size[1]]

    window = place()
    for _ in range(10):
        kinds, counts = np.unique(labels["semseg"][window], return_counts=True)
        counts = counts[kinds != 255]
        if len(counts) > 1 and counts.max() / counts.sum() < 0.75:
            break
        window = place()
    image, labels = image[window], {name: label[window] for name, label in labels.items()}
    if rng.random() < 0.5:
        image, labels = image[:, ::-1], {name: label[:, ::-1] for name, label in labels.items()}
        labels["normals"] = labels["normals"] * np.array([-1, 1, 1], np.float32)
    image = colours(eight_bits(image), rng)
    image = (image.astype(np.float32) / 255 - np.array(MEAN)) / np.array([0.229, 0.224, 0.225])
    above, before = (size[0] - len(image)) // 2, (size[1] - image.shape[1]) // 2
    found: dict[str, Any] = {}
    for name, values in {**labels, "image": image}.items():
        fill = IGNORE if name in MASKS else 0
        found[name] = np.full((*size, *values.shape[2:]), fill, np.float64)
        found[name][above : above + len(values), before : before + values.shape[1]] = values
    if np.isin(found["human_parts"], (0, IGNORE)).all():
        found["human_parts"][:] = IGNORE
    return found


def colours(image: Any, rng: np.random.Generator) -> Any:
    def contrast(values: Any) -> Any:
        return (
            eight_bits(values * np.float32(rng.uniform(0.5, 1.5))) if rng.random() < 0.5 else values
        )

    if rng.random() < 0.5:
        image = eight_bits(image + np.float32(rng.uniform(-32, 32)))
    last = rng.random() < 0.5
    image = image if last else contrast(image)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        hsv[..., 1] = eight_bits(hsv[..., 1] * np.float32(rng.uniform(0.5, 1.5)))
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(int) + rng.integers(-18, 18)) % 180
        image = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return contrast(image) if last else image


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), height=st.integers(30, 90), width=st.integers(30, 90))
def test_atrc_to_the_pixel(seed: int, height: int, width: int) -> None:
    sample, size = drawn(seed, height, width), (48, 56)
    wanted = atrc(sample, np.random.default_rng(seed), size)
    found = PIPELINES["atrc"](size).train(sample, np.random.default_rng(seed))
    for name, label in found.labels.items():
        np.testing.assert_array_equal(label, wanted[name])
    seen = network_input([found.image])[0].movedim(0, -1).numpy()
    np.testing.assert_allclose(seen, wanted["image"], atol=1e-5)


def test_colours_change_in_half_of_the_cases() -> None:
    image = drawn(1, 30, 30).image
    same = [np.array_equal(distorted(image, np.random.default_rng(s)), image) for s in range(400)]
    assert np.mean(same) == pytest.approx(1 / 16, abs=0.04)


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_images_without_people_count_for_nothing_however_they_are_turned(name: str) -> None:
    sample = drawn(5, 60, 80)
    nobody = np.full((60, 80), IGNORE, np.uint8)
    somebody = np.zeros((60, 80), np.uint8)
    somebody[20:40, 30:50] = 3
    for seed in range(6):
        for parts, wanted in ((nobody, False), (somebody, True)):
            own = replace(sample, labels={**sample.labels, "human_parts": parts})
            found = PIPELINES[name]((200, 200)).train(own, np.random.default_rng(seed))
            assert (found.labels["human_parts"] != IGNORE).any() == wanted


def test_padding_is_zero_to_the_network() -> None:
    found = PIPELINES["atrc"]((80, 90)).test(drawn(1, 60, 90)).image
    seen = network_input([found])
    assert seen[:, :, :10].abs().max() < 1e-6
    assert torch.equal(seen[:, :, 10:70], network_input([drawn(1, 60, 90).image]))
