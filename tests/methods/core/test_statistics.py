"""Routing statistics on tables where the answer is known."""

from __future__ import annotations

import math

import pytest
import torch

from seesaw.methods.core.statistics import routing_statistics


def test_equal_use_has_full_entropy_and_no_task_information() -> None:
    found = routing_statistics(torch.ones(3, 4))
    assert found["load"] == [0.25] * 4
    assert found["entropy"] == pytest.approx(1.0)
    assert found["dead"] == 0.0
    assert found["task_information"] == pytest.approx(0.0)


def test_an_expert_per_task_tells_the_task() -> None:
    found = routing_statistics(torch.eye(4) * torch.tensor([1.0, 5.0, 2.0, 9.0]))
    assert found["task_information"] == pytest.approx(math.log(4), abs=1e-6)
    assert found["entropy"] == pytest.approx(1.0)


def test_one_expert_for_all_leaves_the_others_dead() -> None:
    found = routing_statistics(torch.tensor([[3.0, 0.0, 0.0, 0.0]]))
    assert found["entropy"] == pytest.approx(0.0)
    assert found["dead"] == 0.75
