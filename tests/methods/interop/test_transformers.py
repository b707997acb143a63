"""The adapter calls of transformers' own models, and processes that forgot an import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from peft import AutoPeftModelForCausalLM, PeftMixedModel, get_peft_model
from tiny_models import GATED, TASK_IDS, adapted, base, config, draw, inputs, logits, same, told
from transformers import AutoModelForCausalLM, pipeline
from transformers.models.llama import LlamaForCausalLM

from seesaw.methods import routing_state
from seesaw.methods.core.linear import GatedLinear


@pytest.mark.parametrize("name", GATED)
def test_adapters_of_a_plain_model(name: str, tmp_path: Path) -> None:
    ids = told(name)
    model = base("llama")
    model.add_adapter(config(name, "llama"), "one")
    draw(model)
    found = logits(model.eval(), "llama", **ids)
    model.save_pretrained(tmp_path)
    other = base("llama")
    other.load_adapter(str(tmp_path), adapter_name="again")
    same(logits(other.eval(), "llama", **ids), found)
    model.add_adapter(config(name, "llama"), "two")
    model.set_adapter("one")
    same(logits(model, "llama", **ids), found)
    states = {id(m.routing) for m in model.modules() if isinstance(m, GatedLinear)}
    assert states == {id(routing_state(model))}
    model.delete_adapter("one")
    model.disable_adapters()
    same(logits(model, "llama"), logits(base("llama"), "llama"))


@pytest.mark.parametrize("name", ["smora", "molora", "moelora"])
def test_a_plain_model_trains(name: str) -> None:
    model = base("llama")
    model.add_adapter(config(name, "llama"), "one")
    draw(model)
    twin = adapted(name, "llama").train()
    for given in (model.train(), twin):
        given(**inputs("llama"), **told(name)).loss.backward()
    gradients = [[p.grad for p in m.parameters() if p.requires_grad] for m in (model, twin)]
    for one, other in zip(*gradients, strict=True):
        same(one, other)


@pytest.mark.parametrize("name", ["smora", "moelora", "ase"])
def test_auto_classes_and_pipelines_find_the_adapter(name: str, tmp_path: Path) -> None:
    folder, weights = tmp_path / "adapter", tmp_path / "base"
    base("llama").save_pretrained(weights)
    model = adapted(
        name, "llama", AutoModelForCausalLM.from_pretrained(weights), task_type="CAUSAL_LM"
    )
    found = logits(model, "llama", **told(name))
    model.save_pretrained(folder)
    peft = AutoPeftModelForCausalLM.from_pretrained(folder).eval()
    same(logits(peft, "llama", **told(name)), found)
    plain = AutoModelForCausalLM.from_pretrained(folder).eval()
    assert isinstance(plain, LlamaForCausalLM)
    same(logits(plain, "llama", **told(name)), found)
    status = peft.get_model_status()
    assert status.peft_types == {"default": f"SEESAW_{name.upper()}"}
    assert peft.get_layer_status()[0].available_adapters == ["default"]


def test_a_pipeline_runs_with_an_adapter() -> None:
    from test_trainer import tokenizer

    model = adapted("smora", "llama", task_type="CAUSAL_LM")
    written = pipeline("text-generation", model=model, tokenizer=tokenizer())("w3 w4", max_length=6)
    assert written[0]["generated_text"].startswith("w3 w4")


def test_mixed_models_and_hot_swapping_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SEESAW_SMORA"):
        PeftMixedModel(base("llama"), config("smora", "llama"))
    model = base("llama")
    model.add_adapter(config("smora", "llama"), "one")
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="only supported for LoRA"):
        model.load_adapter(str(tmp_path), adapter_name="one", hotswap=True)


def test_what_is_saved_names_the_library(tmp_path: Path) -> None:
    adapted("smora", "llama").save_pretrained(tmp_path)
    code = f"from peft import PeftConfig; PeftConfig.from_pretrained({str(tmp_path)!r})"
    run = [sys.executable, "-c"]
    forgot = subprocess.run([*run, code], capture_output=True, text=True)
    assert "SEESAW_SMORA" in forgot.stderr
    knows = subprocess.run([*run, "import seesaw.methods; " + code], capture_output=True, text=True)
    assert knows.returncode == 0, knows.stderr


def test_a_model_of_peft_takes_task_ids_by_its_own_forward() -> None:
    model = get_peft_model(base("llama"), config("moelora", "llama", task_type="CAUSAL_LM"))
    assert model(**inputs("llama"), task_ids=TASK_IDS).loss.isfinite()
