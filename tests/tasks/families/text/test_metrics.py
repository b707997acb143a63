"""Metrics and baselines where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesaw.tasks.families.text.baselines import bag_of_words, constant
from seesaw.tasks.families.text.metrics import METRICS, score
from seesaw.tasks.task import Example, Task, TaskData


@given(st.lists(st.integers(0, 1), min_size=2, max_size=40), st.sampled_from(sorted(METRICS)))
def test_a_perfect_answer_scores_1_and_a_constant_correlates_with_nothing(
    labels: list[int], metric: str
) -> None:
    target = np.array([0, 1, *labels], dtype=float)
    assert METRICS[metric](target, target) == pytest.approx(1.0)
    if metric in ("pearson", "spearman", "matthews"):
        assert METRICS[metric](np.zeros_like(target), target) == 0.0


def test_f1_is_that_of_class_1() -> None:
    found = score(("accuracy", "f1"), np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 0, 0]))
    assert found == pytest.approx({"accuracy": 0.75, "f1": 2 / 3})


def data(task: Task, labels: list[float]) -> TaskData:
    examples = [Example(f"word{label}", None, label) for label in labels]
    return TaskData(task, examples, examples[:2], examples)


def test_the_constant_answer_is_the_most_frequent_class_or_the_mean() -> None:
    assert constant(data(Task("t", 3), [2, 2, 2, 1])) == {"accuracy": 0.75}
    assert constant(data(Task("t", None, ("pearson",)), [1.0, 2.0, 4.0])) == {"pearson": 0.0}


def test_a_bag_of_words_learns_what_words_give_away() -> None:
    assert bag_of_words(data(Task("t", 2), [0, 1] * 10)) == {"accuracy": 1.0}
    assert bag_of_words(data(Task("t", None, ("pearson",)), [0, 1] * 10))["pearson"] > 0.99
