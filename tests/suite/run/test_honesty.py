"""A run counts what is trained and hands out what is declared, whatever a method's code does."""

from __future__ import annotations

from typing import Any

import cheats
import pytest
import torch
from cheats import cheat, made_known
from conftest import Toy
from torch import Tensor, nn

from seesaw.methods.core.parameters import Parameters
from seesaw.suite.checks.specimen import adapted, encoder
from seesaw.suite.records.store import Store
from seesaw.suite.run.honesty import Dishonest, Frozen, audit

WEIGHT = r"base_layer.weight"
CHEATS = [
    (cheat(cheats.UnfreezesInEvaluation), f"{WEIGHT} and 9 more: trained, but frozen when"),
    (cheat(cheats.UnfreezesInTraining), f"{WEIGHT} and 9 more: trained, but frozen when"),
    (cheat(cheats.UnfreezesForTheStep), f"{WEIGHT} and 9 more: frozen, but changed"),
    (cheat(cheats.FreezesItself), ".up and 9 more: counted as trained, but frozen now"),
    (cheat(cheats.WritesIntoLinears), f"{WEIGHT} and 9 more: frozen, but changed"),
    (cheat(cheats.WritesIntoEmbeddings), "word_embeddings.weight: frozen, but changed"),
    (cheat(cheats.WritesInForward), f"{WEIGHT} and 9 more: frozen, but changed"),
    (cheat(cheats.TrainsABuffer), ".offset and 9 more: a buffer that changed without being"),
    (cheats.StatesLess, "active_experts: one token uses 12,800 parameters, the closed form says"),
]
"""Methods, and what the error of their run says."""


def stored(toy: Toy, method: str, fails: bool = False) -> Any:
    """The record of a run of `method`."""
    (outcome,) = toy.bench(method, fails=fails)
    return Store(str(toy.runs)).find(outcome["path"].rpartition("/")[2])


def test_an_honest_run_ends_ok(toy_track: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    record = stored(toy_track, made_known(monkeypatch, cheats.Honest))
    assert (record.status, record.parameters.adapter) == ("ok", 12_800)


@pytest.mark.parametrize(("method", "offence"), CHEATS, ids=[method.name for method, _ in CHEATS])
def test_a_run_that_is_more_than_it_says_fails_by_name(
    method: Any, offence: str, toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = stored(toy_track, made_known(monkeypatch, method), fails=True)
    assert record.status == "failed"
    assert record.error.startswith("Dishonest: ")
    assert offence in record.error
    assert (record.tasks, record.outcomes_sha256) == ({}, None)


@pytest.mark.parametrize("name", ["smora", "moelora", "ase", "more", "full", "head_only"])
def test_state_and_what_is_stated_pass(name: str, toy_track: Toy) -> None:
    budget = 40_000  # under a smaller one ASE and MoRE have no size
    (outcome,) = toy_track.bench(name, "--budget", budget)
    assert outcome["status"] == "ok"


def test_a_method_that_asks_for_the_task_must_say_so(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = cheat(cheats.AsksForTheTask)
    assert "told_task" in stored(toy_track, made_known(monkeypatch, own), fails=True).error
    own.told_task = True
    assert stored(toy_track, own.name).status == "ok"


@pytest.mark.parametrize("told", [pytest.param(False), True])
def test_task_ids_are_seen_by_methods_that_declare_it(
    told: bool, toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = cheat(cheats.Peeks)
    own.told_task = told
    cheats.Peeks.seen.clear()
    assert stored(toy_track, made_known(monkeypatch, own)).status == "ok"
    assert cheats.Peeks.seen == {told}


class Packed(nn.Parameter):
    """A parameter as quantised ones are: bytes, and moving it is more than a copy."""

    def cpu(self, *_: Any, **__: Any) -> Tensor:
        raise AssertionError("moved")

    to = cuda = cpu


TENSORS = {
    "bfloat16": torch.randn(3, 4).bfloat16(),
    "transposed": torch.randn(4, 6).t(),
    "scalar": torch.tensor(2.0),
    "bool": torch.tensor([True, False]),
    "packed": torch.arange(1, 6, dtype=torch.uint8),
}


@pytest.mark.parametrize("kind", TENSORS)
def test_one_element_of_any_tensor_that_changes_is_found(kind: str) -> None:
    model, tensor = nn.Module(), TENSORS[kind].clone()
    if kind == "packed":
        model.frozen = Packed(tensor, requires_grad=False)
    else:
        model.register_buffer("frozen", tensor)
    before = Frozen.of(model)
    assert before.changed(model) == []
    last = (-1,) * tensor.dim()
    tensor[last] = tensor[last] == 0
    assert before.changed(model) == ["frozen"]


def test_shapes_types_and_tensors_that_come_or_go_are_changes() -> None:
    model = nn.Module()
    for name in ("shaped", "typed", "gone", "empty"):
        model.register_buffer(name, torch.zeros(6))
    model.empty = torch.zeros(0, 3)
    before = Frozen.of(model)
    model.shaped, model.typed = torch.zeros(2, 3), torch.zeros(6, dtype=torch.int32)
    del model.gone
    model.register_buffer("new", torch.zeros(1))
    assert before.changed(model) == ["shaped", "typed", "gone", "new"]


def test_buffers_of_heads_are_no_methods_matter() -> None:
    model = nn.Module()
    model.heads = nn.BatchNorm1d(3)
    before = Frozen.of(model)
    model.heads(torch.randn(4, 3))
    audit(model, before, Parameters())


def test_all_offences_are_named_at_once() -> None:
    model = adapted(cheats.Honest, encoder())
    before = Frozen.of(model)
    layer = model.base_model.model.encoder.layer[0].output.dense
    layer.weight.data.zero_()
    layer.bias.requires_grad_(True)
    with pytest.raises(
        Dishonest, match=r"bias: trained.*weight: frozen.*active_experts: one token"
    ):
        audit(model, before, Parameters())
