"""Commands of language models: lm-eval on finished runs, and lm-eval itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suite import show
from suite.cli.app import app
from suite.cli.arguments import (
    Data,
    Json,
    OwnTrack,
    Runs,
    Threads,
    Weights,
    record_workload,
    split_names,
)


@app.command()
def evaluate(
    record: Annotated[Path, typer.Argument(help="A record file under the runs.")],
    tasks: Annotated[str, typer.Option(help="Tasks of lm-eval, comma-separated.")],
    as_task: Annotated[
        str, typer.Option(help="Route as for this task, with methods that are told it.")
    ] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Examples of each task.")] = None,
    base: Annotated[bool, typer.Option(help="With the adapter switched off.")] = False,
    runs: Runs = "runs",
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
    threads: Threads = 2,
    as_json: Json = False,
) -> None:
    """Score a finished run of a language model on any tasks of lm-eval."""
    from suite.build import pin
    from suite.harness import evaluate as score
    from suite.store import Store

    pin(threads)
    store = Store(runs)
    found = store.find(record.name)
    workload = record_workload(found, track, data, weights)
    results = score(found, store, workload, split_names(tasks), as_task, limit, base)
    show.harness(results, as_json)


@app.command(
    "lm-eval",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def lm_eval(context: typer.Context) -> None:
    """The command line of lm-eval with our tuners registered, and the model type `seesaw`."""
    from suite.harness import lm_eval as run

    run(context.args)
