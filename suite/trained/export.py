"""Turn a run's adapter into a plain PEFT LoRA that stock PEFT loads, for one task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from seesaw.methods import get_method, plain_lora
from seesaw.methods.core.config import GatedConfig
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
    lora: Any = model.backbone
    if method.merges == "per task":
        lora = plain_lora(model.backbone, workload.family.models.backbone(), index)
    lora.save_pretrained(folder)
    head = workload.family.models.head(model, index)
    if head:  # a language model has none
        head = {name: value.detach().clone() for name, value in head.items()}
        save_file(head, folder / "head.safetensors")
