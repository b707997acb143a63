"""Δm against the two examples whose numbers are in the literature."""

from __future__ import annotations

import pytest

from seesaw.reports.statistics import delta_m

TASKS = ("semseg", "normals", "parts", "saliency", "edges")
LOWER = {task: task == "normals" for task in TASKS}
SINGLE = dict(zip(TASKS, (60.1, 15.4, 51.0, 63.2, 50.8), strict=True))


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [((74.0, 17.2, 60.3, 63.3, 54.9), 7.58), ((58.4, 15.9, 51.8, 62.6, 50.3), -1.29)],
)
def test_worked_examples(scores: tuple[float, ...], wanted: float) -> None:
    found = delta_m(dict(zip(TASKS, scores, strict=True)), SINGLE, LOWER)
    assert found == pytest.approx(wanted, abs=0.005)


def test_nothing_is_relative_to_zero() -> None:
    assert delta_m({"a": 1.0}, {"a": 0.0}, {"a": False}) is None
