"""Deviations of scores over test items, against what is known of drawn answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from seesaw.suite.calibration.items import item_covariance
from seesaw.suite.records.record import TaskResult
from seesaw.tasks.families.dense.metrics import MeanIoU
from seesaw.tasks.families.dense.scoring import DenseScoring
from seesaw.tasks.families.language.scoring import InstructionScoring
from seesaw.tasks.families.text.scoring import SentenceScoring


def result(n: int, primary: str) -> TaskResult:
    own = {primary: 0.5}
    return TaskResult(n=n, primary=primary, test=own, dev=own, constant=own)


def answers(task: str, prediction: np.ndarray, target: np.ndarray) -> pd.DataFrame:
    rows = {"row": np.arange(len(target)), "prediction": prediction, "target": target}
    return pd.DataFrame({"split": "test", "task": task, **rows})


def test_accuracy_moves_as_shares_do_and_a_correlation_as_fisher_says() -> None:
    rng, n, r = np.random.default_rng(0), 400, 0.6
    right = rng.random(n) < 0.7
    x = rng.normal(size=n)
    y = r * x + (1 - r**2) ** 0.5 * rng.normal(size=n)
    frame = pd.concat([answers("a", right, np.ones(n)), answers("b", x, y)])
    tasks = {"a": result(n, "accuracy"), "b": result(n, "pearson")}
    covariance = item_covariance(frame, tasks, SentenceScoring, resamples=1000)
    share, rho = right.mean(), np.corrcoef(x, y)[0, 1]
    expected = [100 * (share * (1 - share) / n) ** 0.5, 100 * (1 - rho**2) / (n - 1) ** 0.5]
    assert np.sqrt(np.diag(covariance)) == pytest.approx(expected, rel=0.12)


def test_tasks_with_the_same_items_move_together_and_others_do_not() -> None:
    rng, n = np.random.default_rng(1), 300
    right = rng.random(n) < 0.6
    parts = {"a": right, "same": right, "other": rng.random(n) < 0.6, "short": right[:200]}
    frame = pd.concat([answers(name, own, np.ones(len(own))) for name, own in parts.items()])
    tasks = {name: result(len(own), "accuracy") for name, own in parts.items()}
    covariance = item_covariance(frame.sample(frac=1, random_state=0), tasks, SentenceScoring, 500)
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    assert correlation[0, 1] == pytest.approx(1.0)
    assert np.abs(correlation[0, 2:]).max() < 0.2
    again = item_covariance(frame, tasks, SentenceScoring, 500)
    assert (again == covariance).all()


def test_only_test_items_count() -> None:
    frame = answers("a", np.ones(50), np.ones(50))
    dev = answers("a", np.arange(50) % 2, np.ones(50)).assign(split="dev")
    (variance,) = item_covariance(
        pd.concat([frame, dev]), {"a": result(50, "accuracy")}, SentenceScoring
    )
    assert variance == 0.0


def test_the_images_of_a_pooled_metric_are_drawn_whole() -> None:
    # every image is all right or all wrong; pooled IoU of one class is then a share of images
    rng, n = np.random.default_rng(2), 300
    metric, shape = MeanIoU(2), (3, 3)
    rows = [
        ("test", "a", "miou", row, metric.statistics(np.full(shape, int(hit)), np.ones(shape, int)))
        for row, hit in enumerate(rng.random(n) < 0.5)
    ]
    frame = pd.DataFrame(rows, columns=["split", "task", "family", "row", "statistics"])
    covariance = item_covariance(frame, {"a": result(n, "miou")}, DenseScoring, resamples=500)
    # mean over two classes, the other one of which is in no label
    assert covariance[0, 0] ** 0.5 == pytest.approx(100 * 0.5 * (0.25 / n) ** 0.5, rel=0.12)


def test_answers_in_words_are_drawn_with_all_their_outputs() -> None:
    rng, n = np.random.default_rng(3), 250
    hits = rng.random(n) < 0.4
    rows = [
        ("test", "a", output, row, "yes" if hit else "no", '["yes"]')
        for row, hit in enumerate(hits)
        for output in ("choice", "choice_norm")
    ]
    columns = ["split", "task", "output", "row", "found", "wanted"]
    frame = pd.DataFrame(rows, columns=columns)
    covariance = item_covariance(frame, {"a": result(n, "acc")}, InstructionScoring, resamples=500)
    share = hits.mean()
    expected = 100 * (share * (1 - share) / n) ** 0.5
    assert covariance[0, 0] ** 0.5 == pytest.approx(expected, rel=0.12)
