"""Adapters beside linears whose frozen weights are quantised."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel, prepare_model_for_kbit_training
from tiny_models import GATED, TEXT, adapted, inputs, logits, same, told
from torch import Tensor, nn
from transformers import BitsAndBytesConfig, LlamaConfig, LlamaForCausalLM

from seesaw.methods import routing
from seesaw.methods.core.linear import GatedLinear

with_bitsandbytes = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="the extra `quantised` is not installed"
)
WIDTH = 64
"""bitsandbytes has no 4-bit products of narrower weights."""


def llama() -> Any:
    """A tiny Llama, the same at every call."""
    sizes = {**TEXT, "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LlamaForCausalLM(LlamaConfig(**sizes)).eval()


def quantised(folder: Path, bits: int) -> Any:
    """The tiny Llama as transformers loads it in 4 or 8 bits with bitsandbytes."""
    llama().save_pretrained(folder)
    how = BitsAndBytesConfig(
        load_in_4bit=bits == 4, load_in_8bit=bits == 8, bnb_4bit_compute_dtype=torch.float32
    )
    return LlamaForCausalLM.from_pretrained(folder, quantization_config=how).eval()


@with_bitsandbytes
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("name", GATED)
def test_an_adapter_trains_beside_bitsandbytes(name: str, bits: int, tmp_path: Path) -> None:
    ids = told(name)
    frozen = logits(quantised(tmp_path / "base", bits), "llama")
    model = adapted(name, "llama", quantised(tmp_path / "base", bits))
    assert type(model.get_base_model().model.layers[0].self_attn.q_proj.base_layer) is not nn.Linear
    moved = logits(model, "llama", **ids)
    assert not torch.allclose(moved, frozen, atol=1e-3)
    with model.disable_adapter():
        same(logits(model, "llama"), frozen)

    model.save_pretrained(tmp_path / "adapter")
    again = PeftModel.from_pretrained(quantised(tmp_path / "base", bits), tmp_path / "adapter")
    same(logits(again.eval(), "llama", **ids), moved)

    model.train()(**inputs("llama"), **ids).loss.backward()
    for key, parameter in model.named_parameters():
        assert not parameter.requires_grad or bool(parameter.grad.isfinite().all()), key


@with_bitsandbytes
@pytest.mark.parametrize("name", GATED)
def test_the_update_is_what_it_is_beside_a_full_weight(name: str, tmp_path: Path) -> None:
    updates = []
    x = torch.randn(4, 6, WIDTH, generator=torch.Generator().manual_seed(3))
    for model in (llama(), quantised(tmp_path, 4)):
        wrapped = adapted(name, "llama", model)
        layer = next(m for m in wrapped.modules() if isinstance(m, GatedLinear))
        with torch.no_grad(), routing(wrapped, **told(name)):
            updates.append(layer(x) - layer.base_layer(x))
    same(*updates)
    assert updates[0].abs().max() > 1e-3


@with_bitsandbytes
def test_a_model_prepared_for_training_in_few_bits_keeps_its_adapter_in_full(
    tmp_path: Path,
) -> None:
    prepared = prepare_model_for_kbit_training(quantised(tmp_path, 4))
    model = adapted("smora", "llama", prepared).train()
    model(**inputs("llama")).loss.backward()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert {p.dtype for p in trained} == {torch.float32}
    assert all(p.grad is not None for p in trained)


class Packed(nn.Module):
    """As GPTQ's and AWQ's layers are: sizes, packed integers, a forward, and no `weight`."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.register_buffer("qweight", (linear.weight.detach() * 64).round().to(torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.qweight.to(x.dtype) / 64).T


@pytest.mark.parametrize("name", GATED)
def test_sizes_and_a_forward_suffice(name: str) -> None:
    model = llama()
    for layer in model.model.layers:
        layer.self_attn.q_proj = Packed(layer.self_attn.q_proj)
    frozen = logits(model, "llama")
    wrapped = adapted(name, "llama", model)
    assert not torch.allclose(logits(wrapped, "llama", **told(name)), frozen, atol=1e-3)
    wrapped.train()(**inputs("llama"), **told(name)).loss.backward()
    assert all(p.grad is not None for p in wrapped.parameters() if p.requires_grad)
