"""An adapter that is gated by the task, as a plain LoRA per task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from onnx.reference import ReferenceEvaluator
from peft import LoraConfig, PeftModel, get_peft_model
from tiny_models import GATED, MODELS, N_TASKS, adapted, base, config, draw, inputs, logits
from torch import Tensor, nn

from seesaw.methods import get_method, plain_lora

PER_TASK = [name for name in GATED if get_method(name).merges == "per task"]


@pytest.mark.parametrize("arch", MODELS)
@pytest.mark.parametrize("name", PER_TASK)
def test_stock_peft_gives_the_same_outputs(name: str, arch: str, tmp_path: Path) -> None:
    model = adapted(name, arch)
    for task in range(N_TASKS):
        plain_lora(model, base(arch), task).save_pretrained(tmp_path)
        stock: Any = PeftModel.from_pretrained(base(arch), tmp_path).eval()
        assert isinstance(stock.peft_config["default"], LoraConfig)
        wanted = logits(model, arch, task_ids=[task] * 4)
        torch.testing.assert_close(logits(stock, arch), wanted, rtol=0, atol=1e-4)
        merged = stock.merge_and_unload()
        torch.testing.assert_close(logits(merged, arch), wanted, rtol=0, atol=1e-4)


class Logits(nn.Module):
    """Of a language model, as exporters want them: tensors in, one tensor out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        found: Tensor = self.model(input_ids=ids, use_cache=False).logits
        return found


@pytest.mark.parametrize("merged", [False, True])
def test_what_is_folded_is_exported_by_torch_and_to_onnx(merged: bool, tmp_path: Path) -> None:
    plain = plain_lora(adapted("moelora", "llama"), base("llama"), 1).eval()
    model = Logits(plain.merge_and_unload() if merged else plain).eval()
    ids = inputs("llama")["input_ids"]
    with torch.no_grad():
        wanted = model(ids)
    exported = torch.export.export(model, (ids,))
    torch.testing.assert_close(exported.module()(ids), wanted)
    program: Any = torch.onnx.export(model, (ids,), dynamo=True, verbose=False)
    program.save(tmp_path / "model.onnx")
    (found,) = ReferenceEvaluator(str(tmp_path / "model.onnx")).run(None, {"ids": ids.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=1e-4, atol=1e-4)


def test_it_is_the_active_adapter_that_is_folded() -> None:
    model = adapted("moelora", "llama")
    model.add_adapter("second", config("moelora", "llama"))
    model.set_adapter("second")
    draw(model, seed=2)
    wanted = logits(model, "llama", task_ids=[1] * 4)
    plain = plain_lora(model, base("llama"), 1).eval()
    torch.testing.assert_close(logits(plain, "llama"), wanted, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in GATED if name not in PER_TASK])
def test_routed_by_the_token_it_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is routed by the token: no plain LoRA"):
        plain_lora(adapted(name, "llama"), base("llama"))


def test_a_model_without_such_an_adapter_is_refused() -> None:
    with pytest.raises(ValueError, match="no active adapter"):
        plain_lora(
            get_peft_model(base("llama"), LoraConfig(target_modules=["q_proj"])), base("llama")
        )
    with pytest.raises(ValueError, match=r"task ids \[3\] are not among 0 ... 2"):
        plain_lora(adapted("moelora", "llama"), base("llama"), N_TASKS)


def test_beside_a_whole_block_it_is_refused() -> None:
    reads = {r"(.*mlp)\.down_proj": r"\1.up_proj"}
    model = adapted("moelora", "llama", target_modules=["down_proj"], reads=reads)
    with pytest.raises(ValueError, match="beside a whole block"):
        plain_lora(model, base("llama"))
    assert logits(model, "llama", task_ids=[0] * 4).shape[0] == len(inputs("llama")["input_ids"])
