"""Runs and records: what came of them, what would be done, what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from seesaw.console.progress import spec_name
from seesaw.console.terminal import as_text, console, duration, error, table
from seesaw.reports.boards import Board, Entry, boards, conditions

if TYPE_CHECKING:  # these import torch, which listing commands can do without
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Outcome
    from seesaw.suite.run.dry_run import Estimate
    from seesaw.tasks.families.dense.files import Report


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
            spec_name(estimate.plan.spec),
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


def harness(results: Mapping[str, Mapping[str, Any]], as_json: bool) -> None:
    """What lm-eval found, by task."""
    if as_json:
        as_text(results)
        return
    rows = []
    for task, values in results.items():
        for name, value in values.items():
            metric, _, kind = name.partition(",")
            if isinstance(value, float) and not metric.endswith("_stderr"):
                rows.append([task, metric, kind, f"{value:.4f}"])
    table("lm-eval", ["task", "metric", "filter", "value"], rows, left=3)


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


def checked(found: Mapping[str, str | None], as_json: bool) -> None:
    """What the conformance checks found."""
    if as_json:
        as_text(found)
        return
    for name, problem in found.items():
        console.print(f"{'FAILED' if problem else 'ok':6} {name.replace('_', ' ')}", markup=False)
        if problem:
            console.print(f"       {problem}", markup=False)
