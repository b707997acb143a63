"""Usage of gates: collected by example, attributed to tasks by whoever knows them."""

from __future__ import annotations

import pytest
import torch

from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState

AT = Place.at("x")


def collected(gates: torch.Tensor, mask: torch.Tensor | None = None) -> RoutingState:
    state = RoutingState()
    state.set(None, mask)
    state.collect(AT, gates)
    return state


def test_mass_goes_to_the_task_of_each_example_and_padding_to_none() -> None:
    gates = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 0.0], [0.0, 4.0]]])
    state = collected(gates, torch.tensor([[1, 1], [1, 0]]))
    state.attribute(torch.tensor([2, 0]), 3)
    assert state.usage[AT].tolist() == [[3.0, 0.0], [0.0, 0.0], [1.0, 2.0]]


def test_what_was_attributed_is_forgotten_and_calls_add_up() -> None:
    state = collected(torch.ones(2, 3, 1))
    state.collect(AT, torch.ones(2, 1, 1))
    for _ in range(2):
        state.attribute(torch.tensor([0, 1]), 2)
    assert state.usage[AT].tolist() == [[4.0], [4.0]]


def test_a_new_batch_drops_what_nobody_attributed() -> None:
    state = collected(torch.ones(2, 3, 1))
    state.set(None, None)
    state.attribute(None, 2)
    assert state.usage == {}


def test_beams_of_an_example_stand_one_after_the_other() -> None:
    state = collected(torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    state.attribute(torch.tensor([1, 0]), 2)
    assert state.usage[AT].tolist() == [[7.0], [3.0]]


def test_without_ids_all_is_the_first_tasks_and_wrong_ids_are_an_error() -> None:
    state = collected(torch.ones(3, 2))
    with pytest.raises(ValueError, match="2 task ids do not go with 3 rows of gates"):
        state.attribute(torch.tensor([0, 1]), 2)
    state.attribute(None, 2)
    assert state.usage[AT].tolist() == [[3.0, 3.0], [0.0, 0.0]]
