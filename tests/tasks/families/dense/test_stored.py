"""Predictions of the legacy view: of the network's size, stored in 8 bits, scored as read back."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import torch

from seesaw.tasks.families.dense.benchmarks import BenchmarkDepth, BenchmarkEdges, StoredEdges
from seesaw.tasks.families.dense.boundaries import count, ods_and_ois
from seesaw.tasks.families.dense.metrics import Meter
from seesaw.tasks.families.dense.pipelines import PIPELINES
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.dense.task_types import Normals, Saliency, Segmentation
from seesaw.tasks.sources.pascal_context import LEGACY_TASKS, TASKS

NATIVE, SIZE = (37, 61), (24, 40)


def outputs(channels: int) -> torch.Tensor:
    return torch.randn(channels, *SIZE, generator=torch.Generator().manual_seed(channels))


def stored(task: DenseTask) -> Any:
    return PIPELINES["survey-legacy"](SIZE).predicted(task, outputs(task.outputs), NATIVE)


def linear(values: Any) -> Any:
    return cv2.resize(values, NATIVE[::-1], interpolation=cv2.INTER_LINEAR)


def test_classes_are_the_nearest() -> None:
    classes = outputs(5).argmax(0).numpy()
    rows, columns = (np.arange(n) * s // n for n, s in zip(NATIVE, SIZE, strict=True))
    np.testing.assert_array_equal(stored(Segmentation("s", 5)), classes[rows][:, columns])


@pytest.mark.parametrize("task", [Saliency("s"), StoredEdges("e")])
def test_probabilities_lose_what_is_after_the_point(task: DenseTask) -> None:
    shares = 255 / (1 + np.exp(-outputs(1)[0].numpy()))
    wanted = np.trunc(linear(shares.astype(np.float32)))
    found = stored(task) * 255
    np.testing.assert_allclose(found, np.rint(found), atol=1e-9)
    # sigmoids are rounded here and there
    assert (np.rint(found) == wanted).mean() > 0.99
    assert np.abs(found - wanted).max() < 1.01


def test_normals_lose_it_too() -> None:
    raw = outputs(3).numpy()
    coded = (raw / np.linalg.norm(raw, axis=0) + 1) * 255 / 2
    wanted = np.trunc(linear(np.moveaxis(coded, 0, -1).astype(np.float32)))
    found = (stored(Normals("n")) + 1) / 2 * 255
    assert (np.rint(found) == wanted).mean() > 0.99
    assert np.abs(found - wanted).max() < 1.01


def test_depth_is_stored_as_it_is() -> None:
    found = stored(BenchmarkDepth("d"))
    np.testing.assert_allclose(found, linear(outputs(1)[0].clamp(min=1e-9).numpy()), atol=1e-6)


def test_stored_edges_are_scored_on_exact_fractions() -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 6, (2, 20, 30)) * 51  # thresholds .2, .4 ... are met exactly
    labels = rng.random((2, 20, 30)) < 0.2
    counts = []
    meter = Meter(StoredEdges("e").measures()["boundaries"])
    for values, label in zip(maps, labels, strict=True):
        counts.append(count(values / 255, [label], 0.0075))
        meter.update(values / 255, label.astype(np.uint8))
    assert meter.compute() == pytest.approx(ods_and_ois(counts))


def test_other_pipelines_predict_at_the_images_size() -> None:
    task = BenchmarkEdges("e")
    found = PIPELINES["survey"](SIZE).predicted(task, outputs(1), NATIVE)
    assert found.shape == NATIVE
    assert found.min() < 0  # logits


def test_negative_depth_is_none() -> None:
    labels = np.array([[1.0, 2.0, 0.0, 4.0]])
    found = torch.tensor([[[-3.0, 2.5, 7.0, 4.0]]])
    meter = Meter(BenchmarkDepth("d").measures()["depth"])
    meter.update(BenchmarkDepth("d").predict(found).numpy(), labels)
    assert meter.compute()["depth_rmse"] == pytest.approx(np.sqrt((1 + 0.25 + 0) / 3), rel=1e-6)


def test_views_differ_in_their_edges_alone() -> None:
    assert [t.name for t in TASKS] == [t.name for t in LEGACY_TASKS]
    assert TASKS[:4] == LEGACY_TASKS[:4]
    assert isinstance(LEGACY_TASKS[4], StoredEdges)
    edges = np.zeros((4, 4), np.uint8)
    edges[0] = 1
    assert 0 < float(LEGACY_TASKS[4].constant([edges])) < 1
    assert LEGACY_TASKS[4].draw(np.full((2, 2), 0.25)).mean() == pytest.approx(191)
