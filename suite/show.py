"""What the command line prints: tables and progress on a terminal, or JSON for machines."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from tabulate import tabulate

from suite.record import Spec, SpeedRecord
from suite.stats import Board, Entry, boards, conditions

if TYPE_CHECKING:  # these import torch, which listing commands can do without
    from methods.method import MethodConfig
    from suite.bench import Outcome
    from suite.compare import BudgetRow
    from suite.estimate import Estimate
    from suite.plan import Plan
    from suite.store import Store
    from suite.train import Progress as Training
    from tasks.dense.files import Report
    from tasks.track import Track

PIPE_WIDTH = 180
"""Columns where there is no terminal to ask."""
SHORT = 20
"""Words up to this length stay on one line."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
messages = Console(stderr=True, highlight=False, soft_wrap=True)


def as_text(value: Any) -> None:
    """Print `value` as JSON on standard output."""
    json.dump(value, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")


def error(text: str) -> None:
    """Print one line about what went wrong."""
    messages.print(f"seesaw: {text}", style="red", markup=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> None:
    """Print a table whose first `left` columns are words and the others numbers."""
    shown = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    rows = list(rows)
    for index, column in enumerate(columns):
        words = index < left
        longest = max((len(row[index]) for row in rows), default=0)
        shown.add_column(
            column,
            justify="left" if words else "right",
            no_wrap=not words,
            min_width=min(longest, SHORT) if words else None,
        )
    for row in rows:
        shown.add_row(*row)
    console.print(shown)


def duration(seconds: float) -> str:
    """`95 s` or `12 min`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


class BenchProgress:
    """Progress of the runs of one call: a bar per run with loss, examples/s and time left."""

    def __init__(self, total: int) -> None:
        self.total, self.count = total, 0
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[status]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=messages,
        )

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def started(self, plan: Plan) -> Callable[[Training], None]:
        """Add a bar for `plan`; the function returned moves it."""
        recipe = plan.workload.track.recipe
        name = f"[{self.count + 1}/{self.total}] {_name(plan.spec)}".replace("[", r"\[")
        bar = self.bars.add_task(name, total=recipe.steps, status="preparing")

        def moved(training: Training) -> None:
            rate = training.examples / training.seconds
            status = f"loss {training.loss:.3f} · {rate:.0f} examples/s"
            if training.steps == recipe.steps:
                status += " · scoring"
            self.bars.update(bar, completed=training.steps, status=status)

        return moved

    def ended(self, outcome: Outcome) -> None:
        """Say how a run ended."""
        self.count += 1
        record = outcome.record
        what = f"[{self.count}/{self.total}] {_name(record.spec)}: "
        if not outcome.fresh:
            what += "done already"
        elif record.status == "ok" and record.cost is not None:
            what += f"ok in {duration(record.cost.total_s)}"
        else:
            what += f"{record.status}: {(record.error or '').strip().splitlines()[-1]}"
        if outcome.twin:
            what += f"; it {outcome.twin}"
        messages.print(what, markup=False)


class Steps:
    """A bar for one training with its loss."""

    def __init__(self, title: str, total: int) -> None:
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[status]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=messages,
        )
        self.bar = self.bars.add_task(title, total=total, status="rendering")

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def moved(self, step: int, loss: float, seconds: float) -> None:
        """After `step` steps and `seconds`, the last ones at a mean loss."""
        self.bars.update(self.bar, completed=step, status=f"loss {loss:.3f}")


def _name(spec: Spec) -> str:
    return f"{spec.track} {spec.variant} seed {spec.seed}"


def bench_summary(
    outcomes: Sequence[Outcome], runs: Store, published: Store, as_json: bool
) -> None:
    """The table of what was asked for, beside what is published under the same conditions."""
    if as_json:
        as_text([_outcome_json(outcome) for outcome in outcomes])
        return
    own = [outcome.record for outcome in outcomes if outcome.record.status == "ok"]
    there = published.scan()
    named = {"here": boards(own), "published": boards(there.records, there.speed)}
    for board in named["here"]:
        key = (board.track, board.budget, board.conditions)
        rows = [_entry_row(entry, "here", board) for entry in board.entries]
        for other in named["published"]:
            if (other.track, other.budget, other.conditions) == key:
                rows += [_entry_row(entry, "published", board) for entry in other.entries]
        for kind, title in (("bag_of_words", "bag of words"), ("constant", "constant answer")):
            if points := board.baseline(kind):
                rows.append(_baseline_row(title, points, board))
        columns = ["entry", "from", *board.tasks, "average", "parameters", "seeds"]
        table(f"{board.track}, budget {board.budget:,}", columns, rows, left=2)
    for path, reason in there.damaged.items():
        error(f"{path} set aside: {reason}")
    if not any(outcome.fresh for outcome in outcomes):
        console.print("Nothing is left to do: every run asked for has ended ok before.")
    console.print(f"Records are in {runs.address}; the table is provisional (see README).")


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    record = outcome.record
    return {
        "path": record.path,
        "id": record.id,
        "status": record.status,
        "error": record.error,
        "fresh": outcome.fresh,
        "twin": outcome.twin,
        "conditions": conditions(record),
        "scores": record.scores(),
        "parameters": record.parameters.model_dump() if record.parameters else None,
    }


def _entry_row(entry: Entry, place: str, board: Board) -> list[str]:
    counts = entry.records[0].parameters
    return [
        entry.name,
        place,
        *(str(entry.task(name)) for name in board.tasks),
        str(entry.average or ""),
        f"{counts.adapter:,}" if counts else "",
        str(len(entry.seeds)),
    ]


def _baseline_row(title: str, points: Mapping[str, float], board: Board) -> list[str]:
    average = f"{mean(points.values()):.1f}" if board.has_average else ""
    return [title, "", *(f"{value:.1f}" for value in points.values()), average, "", ""]


def dry_run(estimates: Sequence[Estimate], as_json: bool) -> None:
    """The runs a call would do."""
    if as_json:
        as_text(
            [
                {
                    "spec": estimate.plan.spec.model_dump(mode="json"),
                    "id": estimate.plan.spec.id,
                    "parameters": estimate.plan.parameters.total,
                    "done": estimate.done,
                    "seconds": round(estimate.seconds),
                }
                for estimate in estimates
            ]
        )
        return
    rows = [
        [
            _name(estimate.plan.spec),
            f"{estimate.plan.parameters.total:,}",
            f"{estimate.plan.parameters.router:,}",
            f"{estimate.plan.parameters.active:,}",
            "done" if estimate.done else f"about {duration(estimate.seconds)}",
        ]
        for estimate in estimates
    ]
    columns = ["run", "parameters", "of them router", "active per token", "time"]
    table("Runs this call would do", columns, rows)
    console.print(f"In all about {duration(sum(e.seconds for e in estimates))}.")


def published(copied: Sequence[str], refused: Mapping[str, str], as_json: bool) -> None:
    """What was published, and why the rest was not."""
    if as_json:
        as_text({"published": copied, "refused": refused})
        return
    for path in copied:
        console.print(f"published {path}", markup=False)
    for path, reason in refused.items():
        console.print(f"left out {path}: {reason}", markup=False)
    console.print(f"{len(copied)} records published.")


def written(paths: Sequence[Path], damaged: Mapping[str, str], as_json: bool) -> None:
    """The files a report consists of, and the records that could not be read."""
    if as_json:
        as_text({"written": [str(path) for path in paths], "damaged": damaged})
        return
    for path in paths:
        console.print(f"wrote {path}", markup=False)
    for name, reason in damaged.items():
        error(f"{name} set aside: {reason}")


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


def methods(found: Sequence[type[MethodConfig]], as_json: bool) -> None:
    """The registered methods."""
    rows = [
        {
            "name": method.name,
            "title": method.title,
            "paper": method.paper,
            "routes_on": method.routes_on,
            "told_task": method.told_task,
            "merges": method.merges,
            "control": method.control,
            "options": list(method.options),
        }
        for method in found
    ]
    if as_json:
        as_text(rows)
        return
    columns = [
        "method",
        "what it is",
        "source",
        "gate reads",
        "told the task",
        "merges",
        "control",
        "options",
    ]
    cells = [
        [", ".join(v) if isinstance(v, list) else str(v) for v in row.values()] for row in rows
    ]
    table("Methods", columns, cells, left=8)


def tracks(found: Sequence[Track], as_json: bool) -> None:
    """The tracks."""
    if as_json:
        as_text([track.model_dump(mode="json") for track in found])
        return
    rows = [
        [
            track.slug,
            track.tier,
            track.title,
            ", ".join(track.tasks),
            track.backbone.model,
            f"{track.budgets.default:,}",
        ]
        for track in found
    ]
    columns = ["track", "tier", "what it is", "tasks", "backbone", "budget"]
    table("Tracks", columns, rows, left=5)


def verified(checked: Mapping[str, Sequence[str]], as_json: bool) -> None:
    """What `verify` found, by record."""
    if as_json:
        as_text(checked)
        return
    for path, problems in checked.items():
        for problem in problems:
            console.print(f"{path}: {problem}", markup=False)
    wrong = sum(bool(problems) for problems in checked.values())
    console.print(f"{len(checked) - wrong} of {len(checked)} records are as they say.")


def data_checked(report: Report, manifest: Path | None, as_json: bool) -> None:
    """What is wrong with data on disk, or where its manifest is."""
    if as_json:
        as_text(vars(report) | {"written": manifest})
        return
    for remark in report.remarks:
        console.print(f"note: {remark}", markup=False)
    for problem in report.problems:
        console.print(f"missing or wrong: {problem}", markup=False)
    if manifest is not None:
        console.print(f"All is there. Wrote {manifest}.", markup=False)


def line(text: str) -> None:
    """Print one line."""
    console.print(text, markup=False)


def checked(found: Mapping[str, str | None], as_json: bool) -> None:
    """What the conformance checks found."""
    if as_json:
        as_text(found)
        return
    for name, problem in found.items():
        console.print(f"{'FAILED' if problem else 'ok':6} {name.replace('_', ' ')}", markup=False)
        if problem:
            console.print(f"       {problem}", markup=False)


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
