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
    adapted,
    base,
    config,
    draw,
    inputs,
    logits,
    same,
    told,
)
from torch import nn

from seesaw.methods import routing_state
from seesaw.methods.core.linear import GatedLinear


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


@pytest.mark.parametrize("name", ["smora", "moelora", "ase"])
def test_a_second_adapter_that_does_not_fit_leaves_the_first(name: str) -> None:
    model = adapted(name, "opt")
    found = logits(model, "opt", **told(name))
    wanted = set(model.state_dict())
    wrong = config(name, "opt", target_modules=["fc1", "embed_tokens"])
    with pytest.raises(ValueError, match="no linear layer"):
        model.add_adapter("wrong", wrong)
    same(logits(model, "opt", **told(name)), found)
    assert set(model.state_dict()) == wanted
    assert list(model.peft_config) == ["default"]


def test_a_packed_linear_is_refused() -> None:
    torch.backends.quantized.engine = torch.backends.quantized.supported_engines[-1]
    model = nn.ModuleDict({"q_proj": nn.Linear(6, 5)})
    packed = torch.ao.quantization.quantize_dynamic(model, {nn.Linear})
    with pytest.raises(ValueError, match=r"of torch\.ao has packed weights"):
        adapted("smora", "llama", packed, target_modules=["q_proj"])
