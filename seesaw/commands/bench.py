"""The command that trains and scores: from a request to records and their table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    RUN_THREADS,
    BudgetText,
    Data,
    Jobs,
    Json,
    Kind,
    Methods,
    OnlyTasks,
    Results,
    Runs,
    Threads,
    Tracks,
    Weights,
    interruptible,
    parse_budget,
    parse_seeds,
    split_methods,
    split_names,
    workloads,
)
from seesaw.commands.tune import tuned as tune_all

if TYPE_CHECKING:  # torch comes in with them
    from seesaw.suite.plan.budget import Budget
    from seesaw.suite.plan.job import Job
    from seesaw.suite.plan.refused import Refused
    from seesaw.suite.plan.request import MethodRequest
    from seesaw.suite.plan.workload import Workload
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Launcher, Outcome


@app.command()
def bench(
    methods: Methods = None,
    track: Tracks = "",
    budget: BudgetText = "",
    budget_kind: Kind = "total",
    seeds: Annotated[str, typer.Option(help="Seeds: `0`, `0,1,2` or `0-4`.")] = "0",
    data: Data = "",
    weights: Weights = "",
    tasks: OnlyTasks = "",
    tuned: Annotated[
        bool, typer.Option("--tuned", help="Tune every entry first, and run it at its best.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Run again what ended ok.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be run, and train nothing.")
    ] = False,
    track_with: Annotated[
        str,
        typer.Option(
            help="Trackers that follow the runs, comma-separated: tensorboard, wandb, trackio, "
            "mlflow; default: none."
        ),
    ] = "",
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = RUN_THREADS,
    at_once: Jobs = None,
    as_json: Json = False,
) -> None:
    """Train and score methods under one budget, store the records, print the table."""
    from seesaw.suite.plan.request_cache import request_key, stamp, stamped
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Outcome

    chosen_seeds, own, published = parse_seeds(seeds), Store(runs), Store(results)
    asked = [methods, track, budget, budget_kind, chosen_seeds, data, weights, tasks]
    key = request_key({"bench": [*asked, threads, tuned]})
    done = None if force or dry_run else stamped(own, key)
    if done is not None:
        known = [Outcome.of(record, False, published) for record in done]
        console.bench_summary(known, own, published, as_json)
        return
    # these load torch, which a request that is done can do without
    from seesaw.suite.launch.local import launcher
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.run.determinism import pin
    from seesaw.suite.run.dry_run import estimate
    from seesaw.suite.run.trackers import check_trackers
    from seesaw.suite.tune.trials import tuned_jobs

    with interruptible():
        target = parse_budget(budget, budget_kind)
        requests = [parse_method(text) for text in split_methods(methods)]
        trackers = check_trackers(split_names(track_with))
        pin(threads)
        places, launch = workloads(track, data, weights, tasks), launcher(at_once, threads)
        if dry_run:
            planned = _trials(places, requests, target) if tuned else []
            jobs = [*planned, *_jobs(places, requests, target, chosen_seeds)]
            console.dry_run(estimate(jobs, own), as_json)
            return
        if tuned:
            best = tune_all(places, requests, target, own, published, launch)
            jobs = [
                job
                for workload, chosen in best.items()
                for job in tuned_jobs(workload, chosen, target, chosen_seeds)
            ]
        else:
            jobs = _jobs(places, requests, target, chosen_seeds)
        outcomes = _run(jobs, own, published, force, launch, trackers)
    console.bench_summary(outcomes, own, published, as_json)
    if any(outcome.status != "ok" for outcome in outcomes):
        raise typer.Exit(1)
    records = [outcome.record for outcome in outcomes if outcome.record is not None]
    stamp(own, key, records, _read(track, data, weights))


def _jobs(
    places: Sequence[Workload],
    requests: Sequence[MethodRequest],
    target: Budget,
    seeds: list[int],
) -> list[Job | Refused]:
    """Every run of a request with the tracks' own settings."""
    from seesaw.suite.plan.plan import make_jobs

    return [job for own in places for job in make_jobs(own, requests, target, seeds)]


def _trials(
    places: Sequence[Workload], requests: Sequence[MethodRequest], target: Budget
) -> list[Job | Refused]:
    """Every trial of a request."""
    from seesaw.suite.tune.trials import trials

    return [job for own in places for job in trials(own, requests, target).jobs]


def _run(
    jobs: Sequence[Job | Refused],
    own: Store,
    published: Store,
    force: bool,
    launch: Launcher,
    trackers: tuple[str, ...],
) -> list[Outcome]:
    from seesaw.suite.run.bench import Watcher
    from seesaw.suite.run.bench import bench as run_jobs

    with console.BenchProgress(len(jobs)) as progress:
        watcher = Watcher(progress.started, progress.ended)
        return run_jobs(jobs, own, published, force, watcher, launch, trackers)


def _read(track: str, data: str, weights: str) -> list[Path]:
    """What the answer to a request depends on besides all code."""
    named = [Path(name) for name in (*split_names(track), data, weights) if name]
    return [path.absolute() for path in named if path.exists()]
