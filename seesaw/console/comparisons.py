"""Budgets and step times, side by side."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from seesaw.console.terminal import as_text, table
from seesaw.suite.records.speed import SpeedRecord

if TYPE_CHECKING:  # torch comes in with it
    from seesaw.suite.costs.budgets import BudgetRow
    from seesaw.suite.costs.training_memory import Memory

LAYOUTS = ("table", "markdown", "csv", "json")
BUDGET_COLUMNS = (
    "method",
    "config",
    "experts",
    "router",
    "task emb.",
    "total",
    "off",
    "active (no router)",
    "training / LoRA",
    "inference / LoRA",
    "passes",
    "saved",
)


def budgets(rows: Sequence[BudgetRow], layout: str) -> None:
    """What each method gets for a budget, in one of `LAYOUTS`."""
    if layout == "json":
        as_text([_budget_json(row) for row in rows])
        return
    if layout == "csv":
        flat = [_flat(_budget_json(row)) for row in rows]
        columns = dict.fromkeys(name for row in flat for name in row)
        writer = csv.DictWriter(sys.stdout, list(columns))
        writer.writeheader()
        writer.writerows(flat)
        return
    for key in dict.fromkeys((row.place, row.budget) for row in rows):
        own = [_budget_row(row) for row in rows if (row.place, row.budget) == key]
        title = f"{key[0]}, budget {key[1]:,}"
        if layout == "markdown":
            align = ("left", "left", *["right"] * (len(BUDGET_COLUMNS) - 2))
            body = tabulate(
                own, BUDGET_COLUMNS, tablefmt="github", colalign=align, disable_numparse=True
            )
            sys.stdout.write(f"### {title}\n\n{body}\n\n")
        else:
            table(title, BUDGET_COLUMNS, own, left=2)


def _budget_json(row: BudgetRow) -> dict[str, Any]:
    counts = row.parameters
    parameters = counts and asdict(counts) | {"total": counts.total, "active": counts.active}
    return vars(row) | {"parameters": parameters, "deviation": row.deviation}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Counts as columns of their own; what the solver chose as one JSON cell."""
    rest = {name: row[name] for name in row if name not in ("parameters", "size", "config")}
    return rest | {"size": json.dumps(row["size"])} | (row["parameters"] or {})


def _budget_row(row: BudgetRow) -> list[str]:
    counts = row.parameters
    if counts is None or row.deviation is None:
        return [row.method, row.problem or "", *[""] * (len(BUDGET_COLUMNS) - 2)]
    size = ", ".join(f"{name} = {value}" for name, value in row.size.items())
    raised = len(row.config["rank_pattern"] or {})
    numbers = (counts.experts, counts.router, counts.task_embedding, counts.total)
    return [
        row.method,
        size + (f", one step more at {raised} places" if raised else ""),
        *(f"{number:,}" for number in numbers),
        f"{100 * row.deviation:+.2f} %",
        f"{counts.active:,} ({counts.active_experts:,})",
        *("" if x is None else f"{x:.3f}" for x in (row.training_ratio, row.inference_ratio)),
        str(row.passes),
        "" if row.saved is None else f"{row.saved:.0f}",
    ]


def memory(rows: Sequence[Memory]) -> None:
    """GPU memory of training steps, part by part, in GiB."""
    parts = ["weights", "dequantised", "adapter", "checkpoints", "layer", "logits", "total"]
    cells = [
        [row.place, row.method, *(f"{getattr(row, part) / 2**30:.2f}" for part in parts)]
        for row in rows
    ]
    table("GiB of a training step", ["backbone", "method", *parts], cells, left=2)


def speed(records: Sequence[SpeedRecord], as_json: bool) -> None:
    """Step times side by side."""
    if as_json:
        as_text([record.model_dump(mode="json") for record in records])
        return
    columns = [
        "method",
        "step",
        "time / LoRA",
        "operations / LoRA",
        "overhead",
        "time / frozen",
        "saved",
    ]
    groups: dict[str, list[list[str]]] = {}
    for record in records:
        size, tokens = record.batch
        title = f"{record.track}, budget {record.budget:,}, {size} examples of {tokens} tokens"
        groups.setdefault(title, []).append(_speed_row(record))
    for title, rows in groups.items():
        table(title, columns, rows)


def _speed_row(record: SpeedRecord) -> list[str]:
    return [
        record.variant,
        f"{1000 * record.step_s:.0f} ms",
        f"{record.ratio_to_lora:.3f}",
        f"{record.flops_ratio:.3f}",
        f"{record.overhead:.3f}",
        f"{record.ratio_to_frozen:.3f}",
        "" if record.saved_per_token is None else f"{record.saved_per_token:.0f}",
    ]
