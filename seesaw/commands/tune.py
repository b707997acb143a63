"""The command that tunes: as many trials of every entry, and the settings that come out best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
    split_methods,
    workloads,
)

if TYPE_CHECKING:  # torch comes in with them
    from seesaw.suite.plan.budget import Budget
    from seesaw.suite.plan.request import MethodRequest
    from seesaw.suite.plan.workload import Workload
    from seesaw.suite.records.store import Store
    from seesaw.suite.records.tuning import Choice
    from seesaw.suite.run.bench import Launcher


@app.command()
def tune(
    methods: Methods = None,
    track: Tracks = "",
    budget: BudgetText = "",
    budget_kind: Kind = "total",
    data: Data = "",
    weights: Weights = "",
    tasks: OnlyTasks = "",
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = RUN_THREADS,
    at_once: Jobs = None,
    as_json: Json = False,
) -> None:
    """Try the same settings of every entry, scored on dev alone; what comes out best."""
    from seesaw.suite.launch.local import launcher
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.determinism import pin

    target = parse_budget(budget, budget_kind)
    own, published = Store(runs), Store(results)
    with interruptible():
        requests = [parse_method(text) for text in split_methods(methods)]
        pin(threads)
        places = workloads(track, data, weights, tasks)
        found = tuned(places, requests, target, own, published, launcher(at_once, threads))
    console.choices(found, own, as_json)


def tuned(
    places: Sequence[Workload],
    requests: Sequence[MethodRequest],
    budget: Budget,
    own: Store,
    published: Store,
    launch: Launcher,
) -> dict[Workload, dict[MethodRequest, Choice]]:
    """Do all trials that are not done, and choose.

    Raises:
        RequestError: a track does not say how it is tuned.
        TuningError: there is nothing to choose from.
    """
    from seesaw.suite.run.bench import Watcher, bench
    from seesaw.suite.tune.trials import strangers, trials

    planned = {workload: trials(workload, requests, budget) for workload in places}
    records = own.scan().records
    for workload in places:
        if others := strangers(records, workload.track):
            console.remark(
                f"{len(others)} trials on {workload.slug} are of another search space and left "
                f"out, such as {others[0].path}"
            )
    jobs = [job for each in planned.values() for job in each.jobs]
    with console.BenchProgress(len(jobs)) as progress:
        watcher = Watcher(progress.started, progress.ended)
        outcomes = iter(bench(jobs, own, published, False, watcher, launch))
    return {workload: each.choices(outcomes) for workload, each in planned.items()}
