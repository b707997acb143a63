"""Who is told the task, and whose the usage of gates is."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from seesaw.methods import get_method, routing_state
from seesaw.suite.checks.specimen import N_TASKS, TASK_IDS, adapted, batch, encoder
from seesaw.tasks.families.family import MultiTaskModel, routed


class Texts(NamedTuple):
    """Inputs of a tiny encoder, and whose they are."""

    inputs: dict[str, Tensor]
    task_ids: Tensor | None


class Plain(MultiTaskModel):
    """An encoder without heads."""

    def route(self, batch: Texts) -> tuple[Tensor | None, Tensor]:
        return batch.task_ids, batch.inputs["attention_mask"]

    def forward(self, batch: Texts) -> Tensor:
        hidden: Tensor = self.backbone(**batch.inputs).last_hidden_state
        return hidden


@pytest.mark.parametrize(("method", "told"), [("molora", False), ("moelora", True)])
def test_only_methods_that_are_told_the_task_see_it(method: str, told: bool) -> None:
    model = Plain(adapted(get_method(method), encoder()), N_TASKS, told).eval()
    with routed(model, Texts(batch(), TASK_IDS)) as state:
        assert state is routing_state(model)
        assert state.masks["inputs"] is not None
        assert (state.task_ids is TASK_IDS) == told
        assert told or state.task_ids is None
        model(Texts(batch(), TASK_IDS))
    assert state.task_ids is state.masks["inputs"] is None


@pytest.mark.parametrize(
    ("method", "told", "mass"),
    [
        # two batches of 6, 7, 8 and 9 tokens, whose tasks are 0, 1, 2 and 0
        ("molora", False, [30.0, 14.0, 16.0]),
        # a gate that is read off the task is the same for all tokens, and counted once
        ("moelora", True, [4.0, 2.0, 2.0]),
    ],
)
def test_usage_is_that_of_the_batchs_tasks(method: str, told: bool, mass: list[float]) -> None:
    model = Plain(adapted(get_method(method), encoder()), N_TASKS, told).eval()
    own = Texts(batch(), TASK_IDS)
    state = routing_state(model)
    assert state is not None
    with torch.no_grad(), routed(model, own):
        model(own)
    assert not state.usage
    state.record_usage = True
    for _ in range(2):
        with torch.no_grad(), routed(model, own):
            model(own)
    for table in state.usage.values():
        torch.testing.assert_close(table.sum(1), torch.tensor(mass))


def test_usage_without_ids_is_the_first_tasks() -> None:
    model = Plain(adapted(get_method("molora"), encoder()), N_TASKS, False).eval()
    own = Texts(batch(), None)
    state = routing_state(model)
    assert state is not None
    state.record_usage = True
    with torch.no_grad(), routed(model, own):
        model(own)
    for table in state.usage.values():
        torch.testing.assert_close(table.sum(1), torch.tensor([30.0, 0.0, 0.0]))


def test_a_failure_leaves_nothing_behind() -> None:
    model = Plain(adapted(get_method("molora"), encoder()), N_TASKS, False).eval()
    own = Texts(batch(), TASK_IDS)
    state = routing_state(model)
    assert state is not None
    state.record_usage = True

    def failing() -> None:
        with torch.no_grad(), routed(model, own):
            model(own)
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        failing()
    assert not state.usage
    assert not state.collected
