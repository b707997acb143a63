"""Every method in every architecture, through what PEFT's users do with an adapter."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tiny_models import (
    GATED,
    MODELS,
    TASK_IDS,
    TOLD,
    adapted,
    base,
    config,
    draw,
    inputs,
    logits,
    told,
)
from torch import nn

from seesaw.methods import get_method, routing, routing_state
from seesaw.methods.core.linear import GatedLinear


def same(found: Any, wanted: Any) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("arch", MODELS)
@pytest.mark.parametrize("name", GATED)
def test_the_life_of_an_adapter(name: str, arch: str, tmp_path: Path) -> None:
    frozen, ids = logits(base(arch), arch), told(name)
    model = adapted(name, arch)
    assert all("seesaw_" in key for key, p in model.named_parameters() if p.requires_grad)
    moved = logits(model, arch, **ids)
    assert not torch.allclose(moved, frozen, atol=1e-4)
    with model.disable_adapter():
        same(logits(model, arch, **ids), frozen)

    model.save_pretrained(tmp_path)
    same(logits(PeftModel.from_pretrained(base(arch), tmp_path).eval(), arch, **ids), moved)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        same(logits(twin, arch, **ids), moved)

    model.add_adapter("second", config(name, arch))
    same(logits(model, arch, **ids), moved)
    model.set_adapter("second")
    draw(model, seed=2)
    other = logits(model, arch, **ids)
    assert not torch.allclose(other, moved, atol=1e-4)
    model.delete_adapter("default")
    same(logits(model, arch, **ids), other)
    assert model.get_model_status().available_adapters == ["second"]

    plain = model.unload()
    same(logits(plain, arch), frozen)
    assert not any(isinstance(module, GatedLinear) for module in plain.modules())
    hooks = [m._forward_pre_hooks or m._forward_hooks for m in plain.modules()]
    assert not any(hooks)


@pytest.mark.parametrize("name", GATED)
def test_a_new_adapter_starts_as_the_frozen_model(name: str) -> None:
    model = get_peft_model(base("bert"), config(name, "bert")).eval()
    same(logits(model, "bert", **told(name)), logits(base("bert"), "bert"))
    drawn = get_peft_model(base("bert"), config(name, "bert", init_weights=False)).eval()
    found = logits(drawn, "bert", **told(name))
    assert not torch.allclose(found, logits(base("bert"), "bert"), atol=1e-4)


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


@pytest.mark.parametrize("name", GATED)
def test_checkpointing_gives_the_same_gradients(name: str) -> None:
    gradients = []
    for checkpointed in (False, True):
        model = adapted(name, "llama").train()
        if checkpointed:
            model.enable_input_require_grads()
            model.gradient_checkpointing_enable({"use_reentrant": False})
        model(**inputs("llama"), **told(name)).loss.backward()
        gradients.append([p.grad for p in model.parameters() if p.requires_grad])
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(again, plain)


@pytest.mark.parametrize("name", GATED)
def test_half_precision(name: str) -> None:
    model = adapted(name, "llama", base("llama").to(torch.bfloat16))
    assert logits(model, "llama", **told(name)).dtype == torch.bfloat16
    model = model.to(torch.bfloat16).train()
    model(**inputs("llama"), **told(name)).loss.backward()


@pytest.mark.parametrize("name", GATED)
def test_a_model_made_on_meta_comes_to_life(name: str) -> None:
    with torch.device("meta"):
        model: Any = get_peft_model(base("llama"), config(name, "llama"))
    model.to_empty(device="cpu")
    assert not any(t.is_meta for t in (*model.parameters(), *model.buffers()))


@pytest.mark.parametrize("name", GATED)
def test_a_default_precision_of_bfloat16(name: str) -> None:
    torch.set_default_dtype(torch.bfloat16)
    try:
        get_peft_model(base("llama"), config(name, "llama"))
    finally:
        torch.set_default_dtype(torch.float32)


def test_layers_are_chosen_as_pefts_lora_chooses_them() -> None:
    chosen = adapted("smora", "llama", layers_to_transform=[1])
    names = [n for n, m in chosen.named_modules() if isinstance(m, GatedLinear)]
    assert names
    assert all(".layers.1." in name for name in names)
    ranks = adapted("smora", "llama", rank_pattern={"q_proj": 16}).base_model.model.model.layers
    assert ranks[0].self_attn.q_proj.seesaw_adapter["default"].rank == 16
    assert ranks[0].mlp.down_proj.seesaw_adapter["default"].rank == 12


@pytest.mark.parametrize("arch", [name for name in MODELS if name != "vit"])
def test_without_target_modules_they_are_those_of_pefts_lora(arch: str) -> None:
    ours = get_peft_model(base(arch), config("molora", arch, target_modules=None))
    theirs = get_peft_model(base(arch), LoraConfig())
    assert ours.base_model.targeted_module_names == theirs.base_model.targeted_module_names


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_rslora": True}, "use_rslora is True, which is not for smora"),
        ({"bias": "all"}, "bias is 'all', which is not for smora"),
        ({"alpha_pattern": {"q": 2.0}}, "alpha_pattern"),
        ({"target_parameters": ["w"]}, "target_parameters"),
        ({"n_tasks": 0}, "n_tasks is 0; it must be at least 1"),
        ({"layers_pattern": "layers"}, "layers_pattern needs layers_to_transform"),
        ({"target_modules": ".*", "layers_to_transform": [0]}, "layers_to_transform does not go"),
    ],
)
def test_what_is_not_for_a_method_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config("smora", "llama", **changes)


def test_a_refusal_leaves_the_model_as_it_was() -> None:
    model = base("opt")
    before = {name: type(module) for name, module in model.named_modules()}
    with pytest.raises(ValueError, match=r"embed_tokens: a Embedding is no linear layer"):
        adapted("smora", "opt", model, target_modules=["q_proj", "embed_tokens"])
    assert {name: type(module) for name, module in model.named_modules()} == before
    assert routing_state(model) is None
    assert not any(m._forward_pre_hooks or m._forward_hooks for m in model.modules())
    adapted("smora", "opt", model)


def test_a_second_adapter_that_does_not_fit_leaves_the_first() -> None:
    model = adapted("smora", "opt")
    found = logits(model, "opt")
    with pytest.raises(ValueError, match="no linear layer"):
        model.add_adapter("wrong", config("smora", "opt", target_modules=["fc1", "embed_tokens"]))
    same(logits(model, "opt"), found)
    assert list(model.peft_config) == ["default"]


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


def test_a_packed_linear_is_refused() -> None:
    torch.backends.quantized.engine = torch.backends.quantized.supported_engines[-1]
    model = nn.ModuleDict({"q_proj": nn.Linear(6, 5)})
    packed = torch.ao.quantization.quantize_dynamic(model, {nn.Linear})
    with pytest.raises(ValueError, match=r"of torch\.ao has packed weights"):
        adapted("smora", "llama", packed, target_modules=["q_proj"])
