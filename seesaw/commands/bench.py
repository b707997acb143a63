"""Commands that make records, and those that work on them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    Budget,
    Data,
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
    from seesaw.suite.plan.request_cache import request_key, stamp, stamped
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Outcome
    from seesaw.suite.run.bench import bench as run_plans

    chosen_seeds, target = parse_seeds(seeds), parse_count(budget) if budget else None
    own, published = Store(runs), Store(results)
    request = [methods, track, target, chosen_seeds, data, weights, tasks, threads]
    key = request_key({"bench": request}, [name for name in (data, weights, track) if name])
    done = None if force or dry_run else stamped(own, key)
    if done is not None:
        known = [Outcome.known(record, published) for record in done]
        console.bench_summary(known, own, published, as_json)
        return
    plans = _plans(methods, (track, data, weights, tasks), target, chosen_seeds, threads)
    if dry_run:
        from seesaw.suite.run.dry_run import estimate

        console.dry_run(estimate(plans, own), as_json)
        return
    try:
        with console.BenchProgress(len(plans)) as progress:
            outcomes = run_plans(plans, own, published, force, progress.started, progress.ended)
    except KeyboardInterrupt:
        console.error(
            "interrupted; what had ended is stored, the same command goes on with the rest"
        )
        raise typer.Exit(130) from None
    console.bench_summary(outcomes, own, published, as_json)
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
    from seesaw.suite.plan.plan import make_plans
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.run.determinism import pin

    requests = [parse_method(text) for text in split_methods(methods)]
    pin(threads)
    return [
        plan
        for workload in workloads(*where)
        for plan in make_plans(workload, requests, target, seeds)
    ]
