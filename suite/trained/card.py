"""The model card of an exported adapter: what it is, what it scored, how to load and route it."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from seesaw.methods import get_method
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store

OWN = """\
```python
import seesaw.methods  # makes the method known to PEFT
from peft import PeftModel

model = PeftModel.from_pretrained(backbone, "{folder}")
```
"""
PLAIN = """\
It is a plain LoRA: stock PEFT loads it, without this library.

```python
from peft import PeftModel

model = PeftModel.from_pretrained(backbone, "{folder}")
```
"""


def write_card(
    record: Record, store: Store, workload: Workload, folder: Path, task: str = ""
) -> None:
    """Write `README.md` beside an exported adapter.

    Args:
        record: of the run that made it.
        store: whose other seeds of the same entry are told of.
        workload: the record's track.
        folder: where the adapter is.
        task: for which it was folded into a plain LoRA, if it was.
    """
    seeds = store.seeds(record.spec)
    data = ModelCardData(
        library_name="peft",
        base_model=workload.track.backbone.model,
        model_name=folder.resolve().name,
        tags=["seesaw", "lora", record.spec.method],
        eval_results=list(_results(record, task)),
    )
    parts = [f"---\n{data.to_yaml()}\n---", *_about(record, workload, task), _loading(folder, task)]
    if not task:
        parts.append(_routing(record))
    ModelCard("\n\n".join([*parts, _scores(record, seeds)]) + "\n").save(folder / "README.md")


def _results(record: Record, task: str) -> list[EvalResult]:
    names = [task] if task else list(record.tasks)
    return [
        EvalResult(
            task_type="other",
            dataset_type=record.spec.track,
            dataset_name=f"{record.spec.track}: {name}",
            dataset_config=name,  # or the card would keep one task alone
            dataset_split="test",
            metric_type=record.tasks[name].primary,
            metric_value=round(record.tasks[name].shown(record.tasks[name].test), 4),
        )
        for name in names
    ]


def _about(record: Record, workload: Workload, task: str) -> list[str]:
    method, spec = get_method(record.spec.method), record.spec
    paper = f" ({method.paper})" if method.paper else ""
    what = f", folded into a plain LoRA for the task `{task}`" if task else ""
    return [
        f"# {method.title} on {spec.track}",
        f"A low-rank adapter of {workload.track.backbone.model} by {method.name}{paper}, trained "
        f"on the tasks {', '.join(f'`{name}`' for name in spec.tasks)} together{what}.",
        f"Budget: {spec.budget:,} parameters ({spec.budget_kind}); record `{record.id}`, "
        f"seed {spec.seed}, {record.steps:,} steps, seesaw {record.provenance.seesaw}.",
    ]


def _loading(folder: Path, task: str) -> str:
    return "## How to load it\n\n" + (PLAIN if task else OWN).format(folder=folder.name).rstrip()


def _routing(record: Record) -> str:
    if not record.told_task:
        return "## How it is routed\n\nBy what it reads; nothing has to be said."
    numbered = ", ".join(f"{number} {name}" for number, name in enumerate(record.spec.tasks))
    return (
        "## How it is routed\n\nBy the task of every example: pass `task_ids` (batch,) among the "
        f"model's inputs, and to `generate`. The tasks are {numbered}."
    )


def _scores(record: Record, seeds: list[Record]) -> str:
    rows = ["| task | metric | test score |", "| --- | --- | ---: |"]
    for name, task in record.tasks.items():
        values = [own.scores()[name] for own in seeds if name in own.tasks] or [
            record.scores()[name]
        ]
        spread = f" ± {stdev(values):.2f} ({len(values)} seeds)" if len(values) > 1 else ""
        rows.append(f"| {name} | {task.primary} | {mean(values):.2f}{spread} |")
    return "## Scores\n\n" + "\n".join(rows)
