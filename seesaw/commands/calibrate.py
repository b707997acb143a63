"""The command that finds out what a track can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    RUN_THREADS,
    Data,
    Jobs,
    Json,
    OnlyTasks,
    Results,
    Runs,
    Threads,
    Weights,
    interruptible,
    parse_seeds,
    split_names,
    workloads,
)

if TYPE_CHECKING:  # torch comes in with them
    from seesaw.suite.calibration.plan import Plan
    from seesaw.suite.records.calibration import Condition

SEEDS, FEW = 5, 3
"""Of LoRA, also with an eighth of the budget, and the routed method, and of everything else."""


@app.command()
def calibrate(
    track: Annotated[str, typer.Argument(help="One track: a name, name@version or a file.")],
    method: Annotated[
        str, typer.Option(help="The routed method that LoRA is compared with.")
    ] = "smora",
    seeds: Annotated[
        str,
        typer.Option(
            help=f"How many seeds, or which (`0,2,4`, `0-9`), at least {FEW}; default: {SEEDS} of "
            f"LoRA, also with little budget, and the routed method, {FEW} of everything else."
        ),
    ] = "",
    only: Annotated[
        str,
        typer.Option(
            help="Do only these runs, of lora, routed, heads, tenth, eighth, conflict0, conflict1, "
            "comma-separated; the result is stored by the call that finds all of them done."
        ),
    ] = "",
    data: Data = "",
    weights: Weights = "",
    tasks: OnlyTasks = "",
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = RUN_THREADS,
    at_once: Jobs = None,
    as_json: Json = False,
) -> None:
    """Train LoRA and a routed method over seeds, and LoRA where it must lose; what a track sees."""
    from seesaw.reports.calibration import Calibrated
    from seesaw.suite.calibration.calibrate import calibration, is_whole, run
    from seesaw.suite.calibration.plan import plan
    from seesaw.suite.launch.local import launcher
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.bench import Watcher
    from seesaw.suite.run.determinism import pin

    many, few = _seeds(seeds)
    routed = parse_method(method)
    pin(threads)
    own = Store(runs)
    with interruptible():
        (workload,) = workloads(_one(track), data, weights, tasks)
        planned = plan(workload, routed, many, few)
        chosen = _conditions(only, planned)
        with console.BenchProgress(sum(len(planned[name]) for name in chosen)) as progress:
            watcher = Watcher(progress.started, progress.ended)
            outcomes = run(
                planned, chosen, own, Store(results), watcher, launcher(at_once, threads)
            )
    found = calibration(workload, routed, outcomes, own)
    whole = is_whole(planned, outcomes)
    if whole:
        found = own.add_if_new(found)
    console.calibration(Calibrated(found), own.address if whole else None, as_json)
    if any(run.status != "ok" for run in found.runs):
        raise typer.Exit(1)


def _one(track: str) -> str:
    if len(split_names(track)) != 1:
        raise typer.BadParameter(f"{track!r} is not one track; calibrate them one after another")
    return track


def _seeds(text: str) -> tuple[list[int], list[int]]:
    """As `SEEDS` and `FEW` are; a bare number is a count."""
    if not text.strip():
        return list(range(SEEDS)), list(range(FEW))
    given = parse_seeds(f"0-{int(text) - 1}" if text.strip().isdecimal() and int(text) else text)
    if len(given) < FEW:
        raise typer.BadParameter(
            f"--seeds {text!r} is {len(given)} of them; deviations need {FEW} or more, as `5` or "
            "`0,1,2`"
        )
    return given, given


def _conditions(only: str, planned: Plan) -> Sequence[Condition]:
    names = split_names(only)
    if unknown := [name for name in names if name not in planned]:
        raise typer.BadParameter(
            f"--only {unknown[0]!r} is no part of this calibration; it has {', '.join(planned)}"
        )
    return [name for name in planned if name in names or not names]
