"""The command that trains and scores: from a request to records and their table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    RUN_THREADS,
    Budget,
    Data,
    Jobs,
    Json,
    Methods,
    OnlyTasks,
    Results,
    Runs,
    Threads,
    Tracks,
    Weights,
    parse_count,
    parse_seeds,
    split_methods,
    split_names,
    workloads,
)

if TYPE_CHECKING:  # torch comes in with them
    from seesaw.suite.plan.job import Job
    from seesaw.suite.plan.refused import Refused
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Launcher, Outcome


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
    threads: Threads = RUN_THREADS,
    at_once: Jobs = None,
    as_json: Json = False,
) -> None:
    """Train and score methods under one budget, store the records, print the table."""
    from seesaw.suite.plan.request_cache import request_key, stamp, stamped
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Outcome

    chosen_seeds, target = parse_seeds(seeds), parse_count(budget) if budget else None
    own, published = Store(runs), Store(results)
    key = request_key(
        {"bench": [methods, track, target, chosen_seeds, data, weights, tasks, threads]}
    )
    done = None if force or dry_run else stamped(own, key)
    if done is not None:
        known = [Outcome.of(record, False, published) for record in done]
        console.bench_summary(known, own, published, as_json)
        return
    with interruptible():
        where = (track, data, weights, tasks)
        jobs = _jobs(methods, where, target, chosen_seeds, threads)
        if dry_run:
            from seesaw.suite.run.dry_run import estimate

            console.dry_run(estimate(jobs, own), as_json)
            return
        from seesaw.suite.launch.local import launcher

        outcomes = _run(jobs, own, published, force, launcher(at_once, threads))
    console.bench_summary(outcomes, own, published, as_json)
    if any(outcome.status != "ok" for outcome in outcomes):
        raise typer.Exit(1)
    records = [outcome.record for outcome in outcomes if outcome.record is not None]
    stamp(own, key, records, _read(track, data, weights))


@contextmanager
def interruptible() -> Iterator[None]:
    """Work that may be stopped at any time: what it had stored stays, and that is said."""
    try:
        yield
    except KeyboardInterrupt:
        console.error(
            "interrupted; what had ended is stored, the same command goes on with the rest"
        )
        raise typer.Exit(130) from None


def _jobs(
    methods: list[str] | None,
    where: tuple[str, str, str, str],
    target: int | None,
    seeds: list[int],
    threads: int,
) -> list[Job | Refused]:
    """Every run of a request; `where` is track, data, weights and tasks as given."""
    from seesaw.suite.plan.plan import make_jobs
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.run.determinism import pin

    requests = [parse_method(text) for text in split_methods(methods)]
    pin(threads)
    return [
        job
        for workload in workloads(*where)
        for job in make_jobs(workload, requests, target, seeds)
    ]


def _run(
    jobs: Sequence[Job | Refused], own: Store, published: Store, force: bool, launch: Launcher
) -> list[Outcome]:
    from seesaw.suite.run.bench import Watcher
    from seesaw.suite.run.bench import bench as run_jobs

    with console.BenchProgress(len(jobs)) as progress:
        watcher = Watcher(progress.started, progress.ended)
        return run_jobs(jobs, own, published, force, watcher, launch)


def _read(track: str, data: str, weights: str) -> list[Path]:
    """What the answer to a request depends on besides all code."""
    named = [Path(name) for name in (*split_names(track), data, weights) if name]
    return [path.absolute() for path in named if path.exists()]
