"""Turn a run's adapter into a plain PEFT LoRA that stock PEFT loads, for one task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from torch import Tensor, nn

from seesaw.methods import get_method, routing
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.linear import GatedLinear
from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.trained.restore import restored


def export_own(record: Record, store: Store, workload: Workload, folder: Path) -> None:
    """Write a run's adapter as PEFT keeps it, for whoever has `methods` to load it with.

    Raises:
        RequestError: the method has no adapter.
        StoreError: the store has no weights of this run.
    """
    if not get_method(record.spec.method).has_adapter:
        raise RequestError(f"{record.spec.method} has no adapter")
    backbone: Any = restored(record, workload, store).backbone
    for config in backbone.peft_config.values():
        if isinstance(config, GatedConfig):
            config.task_names = list(workload.tasks)  # in the order of their ids
    backbone.save_pretrained(folder)


def export(record: Record, store: Store, workload: Workload, task: str, folder: Path) -> None:
    """Write `adapter_config.json`, the adapter and the task's `head.safetensors`, if it has one.

    A task-gated update is U diag(g_t) D: one LoRA per task, of the ranks whose gate is not zero.

    Args:
        record: of a run that ended `ok`.
        store: where the run's weights are.
        workload: the record's track.
        task: whose adapter is wanted.
        folder: written to; made if it is not there.

    Raises:
        RequestError: unknown task, or a method that no plain LoRA can stand for.
        StoreError: the store has no weights of this run.
    """
    names = workload.tasks
    if task not in names:
        raise RequestError(f"unknown task {task!r} of {record.path}; it has: {', '.join(names)}")
    method = get_method(record.spec.method)
    if method.merges == "no" or not method.has_adapter:
        why = "has no adapter" if not method.has_adapter else "is routed by the token"
        raise RequestError(f"{method.name} {why}: no plain LoRA has the same outputs")
    if workload.track.backbone.reads:
        raise RequestError(
            f"{workload.track.slug} puts updates beside whole blocks, where no plain LoRA can stand"
        )
    model = restored(record, workload, store)
    index = names.index(task)
    lora = model.backbone if method.merges == "yes" else _folded(model.backbone, workload, index)
    lora.save_pretrained(folder)  # type: ignore[operator]
    head = workload.family.models.head(model, index)
    if head:  # a language model has none
        head = {name: value.detach().clone() for name, value in head.items()}
        save_file(head, folder / "head.safetensors")


@torch.no_grad()
def _folded(model: nn.Module, workload: Workload, task: int) -> nn.Module:
    """PEFT's LoRA on a fresh backbone with the update of one task."""
    pairs = {}
    with routing(model, torch.tensor([task])) as state:
        for module in model.modules():
            if isinstance(module, GatedLinear):
                adapter = module.seesaw_adapter["default"]
                pairs[module.name] = adapter.folded(state)
    ranks = {place: down.shape[0] for place, (down, _) in pairs.items()}
    config = LoraConfig(
        r=max(ranks.values()),
        lora_alpha=max(ranks.values()),
        rank_pattern=ranks,
        alpha_pattern=ranks,
        target_modules=list(ranks),
    )
    lora: Any = get_peft_model(workload.family.models.backbone(), config)
    for place, (down, up) in pairs.items():
        layer = lora.get_submodule(f"base_model.model.{place}")
        _set(layer.lora_A["default"].weight, down)
        _set(layer.lora_B["default"].weight, up)
    return lora


def _set(parameter: Tensor, value: Tensor) -> None:
    parameter.copy_(value)
