"""Adapters as plain LoRA: stock PEFT gives the same outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import Seesaw
from peft import PeftConfig, PeftModel
from safetensors.torch import load, load_file

from seesaw.methods import get_method, method_names, routing
from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import Workload, placement_of
from seesaw.suite.records.store import Store, StoreError
from seesaw.suite.run.model import build
from seesaw.tasks.backbones.text import load_model, load_tokenizer
from seesaw.tasks.catalogue import get_track

TASKS = ["topic", "similarity"]
FOLDING = [
    name
    for name in method_names()
    if get_method(name).merges != "no" and get_method(name).has_adapter
]


@pytest.mark.parametrize("name", FOLDING)
@pytest.mark.slow
def test_a_task_is_a_plain_lora_with_the_same_outputs(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path, name: str
) -> None:
    seesaw(
        "bench", name, "--track", str(tiny_track), "--tasks", ",".join(TASKS), "--budget", "700k"
    )
    store = Store(str(tmp_path / "runs"))
    (record,) = store.scan().records
    seesaw(
        "export", f"{record.path}.json", "--task", "similarity", "--to", "lora",
        "--track", str(tiny_track),
    )  # fmt: skip
    assert PeftConfig.from_pretrained("lora").peft_type == "LORA"

    workload = Workload(get_track(str(tiny_track)), only=TASKS)
    config: Any = get_method(name)(**record.spec.config)
    config = config.placed(placement_of(workload.track), 0.0, 2)
    model = build(workload, config, seed=9)
    state = load(store.weights(record))
    assert not model.load_state_dict(state, strict=False).unexpected_keys
    encoded = load_tokenizer(workload.weights.parent)("One sentence.", "Another one.")
    inputs = {key: torch.tensor([value]) for key, value in encoded.items()}
    with torch.no_grad(), routing(model, torch.tensor([1]), inputs["attention_mask"]):
        wanted = model.backbone.eval()(**inputs).last_hidden_state
        plain = PeftModel.from_pretrained(load_model(workload.weights.parent), "lora").eval()
        found = plain(**inputs).last_hidden_state
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    head = load_file("lora/head.safetensors")
    torch.testing.assert_close(head["weight"], state["heads.weight"][4:5])


def test_what_cannot_be_folded_is_refused(seesaw: Seesaw, tiny_track: Path, tmp_path: Path) -> None:
    seesaw("bench", "smora", "--track", str(tiny_track), "--tasks", "topic")
    store = Store(str(tmp_path / "runs"))
    (record,) = store.scan().records
    rest = ["--to", "lora", "--track", str(tiny_track)]
    with pytest.raises(RequestError, match="smora is routed by the token: no plain LoRA"):
        seesaw("export", record.path, "--task", "topic", *rest)
    with pytest.raises(RequestError, match=r"unknown task 'topics' of .*; it has: topic"):
        seesaw("export", record.path, "--task", "topics", *rest)
    with pytest.raises(StoreError, match="no record other in runs"):
        seesaw("export", "other", "--task", "topic", *rest)
    (tmp_path / "runs" / f"{record.path}.safetensors").unlink()
    with pytest.raises(StoreError, match="weights stay where a run was made"):
        store.weights(record)
    assert not Path("lora").exists()
