"""What a model is told: task ids, padding of every stack, and the input a task embedding joins."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import (
    GATED,
    TASK_IDS,
    TOLD,
    adapted,
    base,
    config,
    inputs,
    logits,
    same,
    told,
)
from torch import nn

from seesaw.methods import get_method, routing, routing_state
from seesaw.methods.core.linear import GatedLinear


@pytest.mark.parametrize("task_type", ["CAUSAL_LM", None])
@pytest.mark.parametrize("name", TOLD)
def test_task_ids_are_among_the_inputs(name: str, task_type: str | None) -> None:
    model = adapted(name, "llama", task_type=task_type)
    batch = inputs("llama")
    found = model(**batch, **told(name)).logits
    alone = [{key: value[i : i + 1] for key, value in batch.items()} for i in range(4)]
    one_by_one = [
        model(**one, task_ids=[int(task)]).logits for one, task in zip(alone, TASK_IDS, strict=True)
    ]
    torch.testing.assert_close(found[1:], torch.cat(one_by_one[1:]), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="routes on the task: pass task_ids"):
        model(**batch)


def test_one_batch_for_several_adapters_is_refused() -> None:
    model = adapted("smora", "llama")
    with pytest.raises(ValueError, match="adapter_names: gated adapters do not mix"):
        model(**inputs("llama"), adapter_names=["default"] * 4)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0.0, 1.0, 2.0, 0.0], "they must be whole numbers"),
        ([[0, 1, 2, 0]], "they must be whole numbers"),
        ([0, 1, 2, 3], r"task ids \[3\] are not among 0 ... 2"),
        ([0, 1, 2], "3 task ids do not go with 4 rows of input"),
    ],
)
def test_wrong_task_ids_are_named(ids: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        adapted("moelora", "llama")(**inputs("llama"), task_ids=ids)


def test_task_ids_as_a_list_or_of_another_width() -> None:
    model = adapted("moelora", "llama")
    wanted = logits(model, "llama", **told("moelora"))
    same(logits(model, "llama", task_ids=[0, 2, 1, 0]), wanted)
    same(logits(model, "llama", task_ids=told("moelora")["task_ids"].int()), wanted)


@pytest.mark.parametrize("name", [n for n in GATED if get_method(n).routes_on == "token"])
def test_padding_says_nothing_to_the_balance(name: str) -> None:
    model = adapted(name, "opt").train()  # whose feed-forward layers see flattened tokens
    batch = inputs("opt")
    losses = []
    for mess in (0, 7):
        batch["input_ids"][0, -2:] = mess
        losses.append(model(**batch, **told(name)).loss)
    torch.testing.assert_close(*losses)


def test_a_mask_of_other_tokens_is_an_error() -> None:
    model = adapted("smora", "llama").train()
    message = r"a mask \(4, 5\) does not describe tokens \(4, 6\)"
    with pytest.raises(ValueError, match=message), routing(model, mask=torch.ones(4, 5)):
        model(**inputs("llama"))


@pytest.mark.parametrize("arch", ["t5", "bart"])
def test_the_decoder_has_a_mask_of_its_own(arch: str) -> None:
    model = adapted("smora", arch).train()
    batch = inputs(arch)  # as many tokens in as out
    batch["decoder_attention_mask"] = torch.ones(4, 6)
    model(**batch)
    counts = {
        name: int(layer.seesaw_adapter["default"].counts.sum()) // 4
        for name, layer in model.named_modules()
        if isinstance(layer, GatedLinear)
    }
    active = model.peft_config["default"].active // 4
    crossing = {n for n in counts if "EncDecAttention.v" in n or "encoder_attn.v_proj" in n}
    assert crossing
    for name, count in counts.items():
        reads_decoder = ".decoder." in name and name not in crossing
        assert count == (24 if reads_decoder else 22) * active, name


def test_contrastive_loss_of_the_first_token_does_not_see_padding() -> None:
    model = adapted("more", "llama", pooling="first").train()
    losses = []
    for left in (0, 3):
        batch = inputs("llama", padded=False)
        pad = torch.zeros(4, left, dtype=torch.long)
        ids = torch.cat((pad, batch["input_ids"]), 1)
        mask = torch.cat((pad, batch["attention_mask"]), 1)
        positions = (mask.cumsum(1) - 1).clamp_min(0)
        model(input_ids=ids, attention_mask=mask, position_ids=positions, **told("more"))
        losses.append(routing_state(model).auxiliary_loss())  # type: ignore[union-attr]
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)


def test_more_trains_where_tokens_are_flattened() -> None:
    model = adapted("more", "opt").train()
    model(**inputs("opt"), **told("more")).loss.backward()


def test_embeddings_of_another_width_get_a_task_embedding() -> None:
    model = adapted("ase", "opt")  # whose words have 8 numbers and whose tokens have 16
    (shared,) = [p for n, p in model.named_parameters() if n.endswith("task_embedding")]
    assert shared.shape == (3, 8)
    assert logits(model, "opt", **told("ase")).isfinite().all()


def test_inputs_past_the_embedding_are_refused() -> None:
    model = adapted("ase", "llama")
    batch = inputs("llama")
    embedded = base("llama").get_input_embeddings()(batch.pop("input_ids"))
    with pytest.raises(ValueError, match="inputs_embeds"):
        model(**batch, inputs_embeds=embedded, **told("ase"))


def test_the_decoder_of_t5_gets_no_task_embedding() -> None:
    model = adapted("ase", "t5", target_modules=["q"])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and not name.endswith("task_embedding"):
                parameter.zero_()  # the task embedding alone acts
    batch = {k: v for k, v in inputs("t5").items() if k != "labels"}
    states = base("t5").get_encoder()(**batch)
    given = {"encoder_outputs": states, "decoder_input_ids": batch["input_ids"]}
    with torch.no_grad():
        found = [model(**given, task_ids=[task] * 4).logits for task in (0, 1)]
    torch.testing.assert_close(*found)


def test_a_module_without_a_config_is_adapted_but_has_no_input_for_tasks() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.q_proj = nn.Linear(8, 8)

    adapted("smora", "llama", Bare(), target_modules=["q_proj"])
    with pytest.raises(ValueError, match="Bare has neither input embeddings nor patch_embed"):
        adapted("ase", "llama", Bare(), target_modules=["q_proj"])
    adapted("ase", "llama", Bare(), target_modules=["q_proj"], input_embedding=False)


def test_the_last_batch_says_nothing_to_generation() -> None:
    # generation calls the encoder by itself
    model = adapted("moelora", "t5", target_modules=r"encoder\..*\.q")
    model(**inputs("t5"), task_ids=TASK_IDS)
    given = {k: v for k, v in inputs("t5").items() if k != "labels"}
    with pytest.raises(ValueError, match="routes on the task"):
        model.generate(**given, max_new_tokens=2)


@pytest.mark.parametrize("name", TOLD)
def test_generation_takes_task_ids(name: str) -> None:
    model = adapted(name, "llama", task_type="CAUSAL_LM")
    given = {k: v for k, v in inputs("llama", padded=False).items() if k != "labels"}
    wanted = model.generate(**given, task_ids=TASK_IDS, max_new_tokens=4, do_sample=False)
    with routing(model, TASK_IDS):
        again = model.generate(**given, max_new_tokens=4, do_sample=False)
    assert torch.equal(wanted, again)
    beams = model.generate(**given, task_ids=TASK_IDS, max_new_tokens=4, num_beams=2)
    assert len(beams) == 4
    bare = base("llama")
    bare.add_adapter(config(name, "llama"), "own")
    bare.generate(**given, task_ids=TASK_IDS, max_new_tokens=2)
