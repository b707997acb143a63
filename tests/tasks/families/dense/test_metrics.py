"""Dense metrics against their definitions, written out slowly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.tasks.families.dense.metrics import (
    EdgeBCE,
    FineNormals,
    MeanIoU,
    Meter,
    Normals,
    Saliency,
)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), images=st.integers(1, 4))
def test_miou_is_pooled_over_the_set_and_ignores_255(seed: int, images: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, 2, 255], (images, 5, 6))
    found = rng.integers(0, 3, (images, 5, 6))
    metric = Meter(MeanIoU(3))
    for prediction, label in zip(found, labels, strict=True):
        metric.update(prediction, label)
    wanted = []
    for c in range(3):
        here, there = (labels == c), (found == c) & (labels != 255)
        union = (here | there).sum()
        wanted.append((here & there).sum() / union if union else 0.0)
    assert metric.compute()["miou"] == pytest.approx(np.mean(wanted))


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_saliency_dialects(seed: int) -> None:
    rng = np.random.default_rng(seed)
    maps, labels = rng.random((3, 4, 5)), rng.choice([0, 1, 255], (3, 4, 5), p=[0.5, 0.4, 0.1])
    metric = Meter(Saliency())
    for prediction, label in zip(maps, labels, strict=True):
        metric.update(prediction, label)
    ious, fs = [], []
    for t in np.linspace(0.2, 0.9, 15):
        rows = []
        for p, y in zip(maps, labels, strict=True):
            mask, truth = (p > t)[y != 255], (y == 1)[y != 255]
            hits, union = (mask & truth).sum(), (mask | truth).sum()
            rows.append(
                (
                    hits / union if union else 1.0,
                    hits / (mask.sum() + 1e-12),
                    hits / (truth.sum() + 1e-12),
                )
            )
        iou, precision, recall = np.mean(rows, axis=0)
        ious.append(iou)
        fs.append(2 * precision * recall / (precision + recall + 1e-12))
    pooled = []
    for t in np.arange(0.0, 1.0, 0.05):
        mask, truth = (maps > t) & (labels != 255), labels == 1
        precision, recall = (
            (mask & truth).sum() / max(1, mask.sum()),
            (mask & truth).sum() / max(1, truth.sum()),
        )
        pooled.append(1.3 * precision * recall / max(1e-12, 0.3 * precision + recall))
    found = metric.compute()
    assert found["sal_miou_maxthr"] == pytest.approx(max(ious))
    assert found["sal_maxF_b1"] == pytest.approx(max(fs))
    assert found["sal_maxF_b03"] == pytest.approx(max(pooled))


def test_an_image_with_nothing_salient_is_right_if_nothing_is_found() -> None:
    metric = Meter(Saliency())
    metric.update(np.zeros((3, 3)), np.zeros((3, 3), int))
    assert metric.compute()["sal_miou_maxthr"] == 1


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_normals_are_pooled_over_valid_pixels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(2, 6, 7, 3))
    labels[0, :2] = 255
    labels[1, 3] = 0
    found = 3 * rng.normal(size=(2, 6, 7, 3))
    metric = Meter(Normals())
    angles = []
    for prediction, label in zip(found, labels, strict=True):
        metric.update(prediction, label)
        for p, n in zip(prediction.reshape(-1, 3), label.reshape(-1, 3), strict=True):
            if n.any() and not (n == 255).any():
                cosine = p @ n / np.linalg.norm(p) / np.linalg.norm(n)
                angles.append(math.degrees(math.acos(max(-1.0, min(1.0, cosine)))))
    values = metric.compute()
    assert values["normals_mean_deg"] == pytest.approx(np.mean(angles))
    assert values["normals_rmse_deg"] == pytest.approx(np.sqrt(np.mean(np.square(angles))))
    lower = sorted(angles)[(len(angles) + 1) // 2 - 1]
    assert values["normals_median_deg"] == pytest.approx(lower, abs=0.26)
    assert values["normals_within_30"] == pytest.approx(np.mean(np.array(angles) < 30))


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), spread=st.floats(0.02, 3.0))
def test_the_fine_median_is_numpys(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.normal(size=(3, 40, 50, 3))
    labels /= np.linalg.norm(labels, axis=-1, keepdims=True)
    found = labels + spread * rng.normal(size=labels.shape)
    metric, coarse = Meter(FineNormals()), Meter(Normals())
    for prediction, label in zip(found, labels, strict=True):
        metric.update(prediction, label)
        coarse.update(prediction, label)
    cosine = (found / np.linalg.norm(found, axis=-1, keepdims=True) * labels).sum(-1)
    angles = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    values = metric.compute()
    wanted = np.median(angles)
    assert values["normals_median_deg"] == pytest.approx(wanted, abs=0.025, rel=1 / 450)
    others = {name: value for name, value in coarse.compute().items() if "median" not in name}
    assert {name: values[name] for name in others} == others
    assert FineNormals().possible(metric.total)


def test_bins_of_normals_end_at_their_limits() -> None:
    for metric in (Normals(), FineNormals()):
        assert set(metric.WITHIN) <= set(metric.EDGES.tolist())
        assert (np.diff(metric.EDGES) > 0).all()
        assert (metric.EDGES[0], metric.EDGES[-1]) == (0, 180)
    begins, widths = FineNormals.EDGES[:-1], np.diff(FineNormals.EDGES)
    assert (widths <= np.maximum(begins / 450, 0.025) * 1.0001 + 1e-9).all()


def test_edge_loss_is_stable_and_weighs_edges() -> None:
    metric = Meter(EdgeBCE())
    metric.update(np.array([[1000.0, -1000.0, 0.0, 7.0]]), np.array([[1, 0, 1, 255]]))
    assert metric.compute()["edge_bce"] == pytest.approx(0.95 * math.log(2) / 3)
    metric.update(np.array([[-1000.0]]), np.array([[1]]))
    assert metric.compute()["edge_bce"] == pytest.approx((0.95 * math.log(2) + 950) / 4)


@pytest.mark.parametrize(
    ("metric", "prediction", "label", "message"),
    [
        (MeanIoU(3), np.full((2, 2), 3), np.zeros((2, 2), int), "prediction holds class 3"),
        (MeanIoU(3), np.zeros((2, 2), int), np.full((2, 2), 21), "label holds class 21"),
        (MeanIoU(3), np.zeros((2, 3), int), np.zeros((2, 2), int), r"prediction is \(2, 3\)"),
        (Saliency(), np.full((2, 2), 255.0), np.zeros((2, 2), int), "probabilities"),
        (Normals(), np.full((1, 1, 3), np.nan), np.ones((1, 1, 3)), "finite"),
    ],
)
def test_bad_maps_are_named(
    metric: MeanIoU, prediction: np.ndarray, label: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        metric.statistics(prediction, label)
