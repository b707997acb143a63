"""Commands of language models: lm-eval on finished runs, and lm-eval itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
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
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.determinism import pin
    from seesaw.suite.trained.lm_eval import evaluate as score

    pin(threads)
    store = Store(runs)
    found = store.find(record.name)
    workload = record_workload(found, track, data, weights)
    results = score(found, store, workload, split_names(tasks), as_task, limit, base)
    console.harness(results, as_json)


@app.command(
    "lm-eval",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def lm_eval(context: typer.Context) -> None:
    """The command line of lm-eval with our tuners registered, and the model type `seesaw`."""
    from seesaw.suite.trained.lm_eval import lm_eval as run

    run(context.args)


@app.command("show")
def show_track(
    track: Annotated[str, typer.Argument(help="A track, or a track file.")],
    record: Annotated[
        Path | None, typer.Option(help="A record under the runs: its predictions and routing too.")
    ] = None,
    to: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("pictures"),
    runs: Runs = "runs",
    data: Data = "",
    weights: Weights = "",
) -> None:
    """Write a contact sheet of a track's test images, and heat maps of a record's routing."""
    from seesaw.reports.routing import draw
    from seesaw.suite.plan.workload import Workload
    from seesaw.suite.records.store import Store
    from seesaw.suite.trained.pictures import contact_sheet
    from seesaw.tasks.catalogue import get_track

    store = Store(runs)
    found = store.find(record.name) if record else None
    only = found.spec.tasks if found else ()
    track_name = found.path.rpartition("/")[2] if found else Path(track).stem
    workload = Workload(get_track(track), Path(data) if data else None, weights or None, only)
    files = {f"{track_name}.webp": contact_sheet(workload, store, found)}
    if found is not None and found.routing:
        files[f"{track_name}-routing.svg"] = draw(found).encode()
    to.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (to / name).write_bytes(content)
    console.written([to / name for name in files], {}, as_json=False)


@app.command()
def export(
    record: Annotated[Path, typer.Argument(help="A record file under the runs.")],
    to: Annotated[Path, typer.Option(help="Folder to write to.")],
    task: Annotated[
        str, typer.Option(help="Fold it into a plain LoRA for this task; else as it is.")
    ] = "",
    card: Annotated[bool, typer.Option(help="Write its model card beside it.")] = False,
    runs: Runs = "runs",
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
) -> None:
    """Write a run's adapter: for one task as a plain LoRA, which stock PEFT loads, or as it is."""
    from seesaw.suite.records.store import Store
    from seesaw.suite.trained import export as write
    from seesaw.suite.trained.card import write_card

    store = Store(runs)
    found = store.find(record.name)
    workload = record_workload(found, track, data, weights)
    if task:
        write.export(found, store, workload, task, to)
    else:
        write.export_own(found, store, workload, to)
    if card:
        write_card(found, store, workload, to, task)
    console.written([to], {}, as_json=False)
