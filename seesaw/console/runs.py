"""Runs and records: what came of them, what would be done, what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from seesaw.console.progress import run_name
from seesaw.console.terminal import as_text, duration, error, line, remark, table
from seesaw.reports.board import Board, Entry
from seesaw.reports.boards import boards, conditions
from seesaw.suite.plan.refused import Refused

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
    own = [o.record for o in outcomes if o.record is not None and o.status == "ok"]
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
        table(f"{board.track}, budget of {board.size}", columns, rows, left=2)
    for path, reason in there.damaged.items():
        error(f"{path} set aside: {reason}")
    for outcome in outcomes:
        if outcome.record is None:
            name = run_name(outcome.track, outcome.method, outcome.seed)
            error(f"{name}: {_last_line(outcome.error)}")
    if all(outcome.status == "ok" and not outcome.fresh for outcome in outcomes):
        line("Nothing is left to do: every run asked for has ended ok before.")
    line(f"Records are in {runs.address}; the table is provisional (see README).")


def _outcome_json(outcome: Outcome) -> dict[str, Any]:
    record = outcome.record
    counts = record.parameters if record else None
    return {
        "track": outcome.track,
        "method": outcome.method,
        "seed": outcome.seed,
        "path": record.path if record else None,
        "id": record.id if record else None,
        "status": outcome.status,
        "error": outcome.error,
        "fresh": outcome.fresh,
        "twin": outcome.twin,
        "note": outcome.note,
        "conditions": conditions(record) if record else None,
        "scores": record.scores() if record else {},
        "parameters": counts.model_dump() if counts else None,
    }


def _last_line(text: str | None) -> str:
    return ((text or "").strip().splitlines() or [""])[-1]


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
        as_text([_estimate_json(estimate) for estimate in estimates])
        return
    columns = ["run", "parameters", "of them router", "active per token", "time"]
    rows = [_estimate_row(estimate) for estimate in estimates]
    table("Runs this call would do", columns, rows)
    line(f"In all about {duration(sum(e.seconds for e in estimates))}.")


def _estimate_json(estimate: Estimate) -> dict[str, Any]:
    job = estimate.job
    if isinstance(job, Refused):
        named = ("track", "method", "seed", "reason")
        return {name: getattr(job, name) for name in named}
    return {
        "spec": job.spec.model_dump(mode="json"),
        "id": job.spec.id,
        "parameters": job.parameters.total,
        "done": estimate.done,
        "seconds": round(estimate.seconds),
    }


def _estimate_row(estimate: Estimate) -> list[str]:
    job = estimate.job
    if isinstance(job, Refused):
        name = run_name(job.track, job.method, job.seed)
        return [name, "", "", "", f"cannot be run: {_last_line(job.reason)}"]
    counts = job.parameters
    return [
        run_name(job.spec.track, job.spec.variant, job.spec.seed),
        f"{counts.total:,}",
        f"{counts.router:,}",
        f"{counts.active:,}",
        "done" if estimate.done else f"about {duration(estimate.seconds)}",
    ]


def published(copied: Sequence[str], refused: Mapping[str, str], as_json: bool) -> None:
    """What was published, and why the rest was not."""
    if as_json:
        as_text({"published": copied, "refused": refused})
        return
    for path in copied:
        line(f"published {path}")
    for path, reason in refused.items():
        line(f"left out {path}: {reason}")
    line(f"{len(copied)} records published.")


def written(paths: Sequence[Path], damaged: Mapping[str, str], as_json: bool) -> None:
    """The files a report consists of, and what was left out of it."""
    if as_json:
        as_text({"written": [str(path) for path in paths], "damaged": damaged})
        return
    for path in paths:
        line(f"wrote {path}")
    for name, reason in damaged.items():
        error(f"{name} set aside: {reason}")


def cleaned(paths: Sequence[str], as_json: bool) -> None:
    """What was removed from a store."""
    if as_json:
        as_text(paths)
        return
    for path in paths:
        line(f"removed {path}")
    line(f"{len(paths)} leftovers removed.")


def verified(
    checked: Mapping[str, Sequence[str]],
    notes: Mapping[str, Sequence[str]],
    leftovers: Mapping[str, str],
    as_json: bool,
) -> None:
    """What `verify` found, by record; what it could not check, and what no record needs."""
    for note, paths in notes.items():
        remark(f"{note} ({len(paths)} of the records)")
    for path, reason in leftovers.items():
        remark(f"{path} is a leftover, which `seesaw clean` removes: {reason}")
    if as_json:
        as_text(checked)
        return
    for path, problems in checked.items():
        for problem in problems:
            line(f"{path}: {problem}")
    wrong = sum(bool(problems) for problems in checked.values())
    line(f"{len(checked) - wrong} of {len(checked)} records are as they say.")


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
    for said in report.remarks:
        line(f"note: {said}")
    for problem in report.problems:
        line(f"missing or wrong: {problem}")
    if manifest is not None:
        line(f"All is there. Wrote {manifest}.")


def checked(found: Mapping[str, str | None], as_json: bool) -> None:
    """What the conformance checks found."""
    if as_json:
        as_text(found)
        return
    for name, problem in found.items():
        line(f"{'FAILED' if problem else 'ok':6} {name.replace('_', ' ')}")
        if problem:
            line(f"       {problem}")
