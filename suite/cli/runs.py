"""Commands that make records, and those that work on them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from suite import show
from suite.cli.app import app
from suite.cli.arguments import (
    Budget,
    Data,
    Json,
    Methods,
    OnlyTasks,
    OwnTrack,
    Results,
    Runs,
    Threads,
    Tracks,
    Weights,
    parse_count,
    parse_seeds,
    record_workload,
    split_methods,
    workloads,
)


@app.command()
def bench(
    methods: Methods = None,
    track: Tracks = "",
    budget: Budget = "",
    seeds: Annotated[str, typer.Option(help="Seeds: `0`, `0,1,2` or `0-4`.")] = "0",
    data: Data = "",
    weights: Weights = "",
    tasks: OnlyTasks = "",
    force: Annotated[bool, typer.Option(help="Run again what ended ok.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be run, and train nothing.")
    ] = False,
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = 2,
    as_json: Json = False,
) -> None:
    """Train and score methods under one budget, store the records, print the table."""
    from suite.bench import Outcome
    from suite.bench import bench as run_plans
    from suite.stamp import request_key, stamp, stamped
    from suite.store import Store

    chosen_seeds, target = parse_seeds(seeds), parse_count(budget) if budget else None
    own, published = Store(runs), Store(results)
    request = [methods, track, target, chosen_seeds, data, weights, tasks, threads]
    key = request_key({"bench": request}, [name for name in (data, weights, track) if name])
    done = None if force or dry_run else stamped(own, key)
    if done is not None:
        known = [Outcome.known(record, published) for record in done]
        show.bench_summary(known, own, published, as_json)
        return
    plans = _plans(methods, (track, data, weights, tasks), target, chosen_seeds, threads)
    if dry_run:
        from suite.estimate import estimate

        show.dry_run(estimate(plans, own), as_json)
        return
    try:
        with show.BenchProgress(len(plans)) as progress:
            outcomes = run_plans(plans, own, published, force, progress.started, progress.ended)
    except KeyboardInterrupt:
        show.error("interrupted; what had ended is stored, the same command goes on with the rest")
        raise typer.Exit(130) from None
    show.bench_summary(outcomes, own, published, as_json)
    if any(outcome.record.status != "ok" for outcome in outcomes):
        raise typer.Exit(1)
    stamp(own, key, [outcome.record for outcome in outcomes])


def _plans(
    methods: list[str] | None,
    where: tuple[str, str, str, str],
    target: int | None,
    seeds: list[int],
    threads: int,
) -> list[Any]:
    """Every run of a request; `where` is track, data, weights and tasks as given."""
    from suite.build import pin
    from suite.plan import make_plans, parse_method

    requests = [parse_method(text) for text in split_methods(methods)]
    pin(threads)
    return [
        plan
        for workload in workloads(*where)
        for plan in make_plans(workload, requests, target, seeds)
    ]


@app.command()
def publish(
    runs: Runs = "runs",
    results: Results = "results",
    again: Annotated[
        bool, typer.Option(help="Also runs whose outcomes differ from their published twin's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy verified records of clean commits from the runs to the published store."""
    from suite.publish import publish as copy
    from suite.store import Store

    copied, refused = copy(Store(runs), Store(results), again)
    show.published([record.path for record in copied], refused, as_json)


@app.command()
def leaderboard(
    results: Results = "results",
    out: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path("reports"),
    as_json: Json = False,
) -> None:
    """Rebuild every table and figure from the published records."""
    from reports.leaderboard import build

    paths, damaged = build(results, out)
    show.written(paths, damaged, as_json)


@app.command()
def verify(
    records: Annotated[
        list[Path] | None, typer.Argument(help="Record files; default: all.")
    ] = None,
    store: Annotated[str, typer.Option(help="Store the records are in.")] = "results",
    track: OwnTrack = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Recompute scores from the outcomes files and count the parameters again."""
    from suite.store import Store
    from suite.verify import verify_all
    from tasks.track import get_track

    own = get_track(track) if track else None
    wanted = {path.name.removesuffix(".json") for path in records or []}
    checked = verify_all(Store(store), wanted, own, weights or None)
    show.verified(checked, as_json)
    if any(checked.values()):
        raise typer.Exit(1)


@app.command()
def check(
    method: Annotated[str, typer.Argument(help="A registered method, or the module of your own.")],
    as_json: Json = False,
) -> None:
    """Run the conformance checks on a method."""
    from suite.checks import run_checks
    from suite.plan import find_method

    sys.path.insert(0, os.getcwd())  # where an author's own module is
    found = dict(run_checks(find_method(method)))
    show.checked(found, as_json)
    if any(found.values()):
        raise typer.Exit(1)


@app.command()
def export(
    record: Annotated[Path, typer.Argument(help="A record file under the runs.")],
    to: Annotated[Path, typer.Option(help="Folder to write to.")],
    task: Annotated[
        str, typer.Option(help="Fold it into a plain LoRA for this task; else as it is.")
    ] = "",
    runs: Runs = "runs",
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
) -> None:
    """Write a run's adapter: for one task as a plain LoRA, which stock PEFT loads, or as it is."""
    from suite import export as write
    from suite.store import Store

    store = Store(runs)
    found = store.find(record.name)
    workload = record_workload(found, track, data, weights)
    if task:
        write.export(found, store, workload, task, to)
    else:
        write.export_own(found, store, workload, to)
    show.written([to], {}, as_json=False)
