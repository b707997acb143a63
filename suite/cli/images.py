"""Commands of dense vision: check and render data, pre-train a backbone, look at predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from suite import show
from suite.cli.app import app
from suite.cli.arguments import Data, Json, Runs, Threads, Weights

PRETRAINED = {"scenes": "tasks.scenes.pretrain", "stories": "tasks.stories.pretrain"}
"""Modules with `Recipe`, `WEIGHTS` and `pretrain`, by track."""
data = typer.Typer(help="Look after data on disk.", no_args_is_help=True)
app.add_typer(data, name="data")


@data.command("check")
def check(
    track: Annotated[str, typer.Argument(help="A track with local data: pascal-context, ...")],
    folder: Annotated[Path, typer.Argument(help="Where the data is.")],
    as_json: Json = False,
) -> None:
    """Say what is missing in a folder by name; if nothing is, write its manifest there."""
    import importlib

    from suite.plan import RequestError
    from tasks.dense.files import Report, write_manifest
    from tasks.track import get_track

    source = importlib.import_module(get_track(track).source)
    if not hasattr(source, "check"):
        raise RequestError(f"{track} has no data on disk to be checked")
    report: Report = source.check(folder)
    written = None if report.problems else write_manifest(folder, report)
    show.data_checked(report, written, as_json)
    if report.problems:
        raise typer.Exit(1)


@data.command("render")
def render(
    to: Annotated[Path, typer.Argument(help="Folder to write to.")],
    layout: Annotated[str, typer.Option(help="pascal-mt, the layout of PASCAL_MT.")] = "pascal-mt",
    train: Annotated[int, typer.Option(min=1, help="Scenes to train on.")] = 64,
    val: Annotated[int, typer.Option(min=2, help="Scenes to tune and report on, half each.")] = 32,
    side: Annotated[int, typer.Option(min=16, help="Pixels.")] = 96,
) -> None:
    """Write rendered scenes to disk as an archive that other code reads too."""
    from suite.plan import RequestError
    from tasks.scenes.archive import write

    if layout != "pascal-mt":
        raise RequestError(f"layout is {layout!r}; it must be pascal-mt")
    write(to, train, val, side)
    show.written([to], {}, as_json=False)


@app.command()
def pretrain(
    what: Annotated[str, typer.Argument(help="scenes or stories: the backbone of that track.")],
    to: Annotated[
        Path | None, typer.Option(help="Safetensors file; default: the one in the package.")
    ] = None,
    threads: Threads = 2,
) -> None:
    """Train a backbone that comes with the suite; the same bytes on the same kind of machine."""
    import importlib

    from suite.build import pin
    from suite.plan import RequestError
    from tasks.backbones import sha256

    if what not in PRETRAINED:
        raise RequestError(f"cannot pre-train {what!r}; there is: {', '.join(PRETRAINED)}")
    module = importlib.import_module(PRETRAINED[what])
    pin(threads)
    recipe = module.Recipe()
    with show.Steps(f"pre-training on {what}", recipe.steps) as steps:
        path = module.pretrain(recipe, to or module.WEIGHTS, steps.moved)
    show.written([path, path.with_suffix(".json")], {}, as_json=False)
    show.line(f"SHA-256 {sha256(path)}")


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
    from reports.routing import draw
    from suite.pictures import contact_sheet
    from suite.plan import Workload
    from suite.store import Store
    from tasks.track import get_track

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
    show.written([to / name for name in files], {}, as_json=False)
