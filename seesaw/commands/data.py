"""Commands of dense vision: check and render data, pre-train a backbone, look at predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import Json

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

    from seesaw.suite.plan.request import RequestError
    from seesaw.tasks.catalogue import get_track
    from seesaw.tasks.families.dense.files import Report, write_manifest

    source = importlib.import_module(get_track(track).source)
    if not hasattr(source, "check"):
        raise RequestError(f"{track} has no data on disk to be checked")
    report: Report = source.check(folder)
    written = None if report.problems else write_manifest(folder, report)
    console.data_checked(report, written, as_json)
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
    from seesaw.suite.plan.request import RequestError
    from seesaw.tasks.sources.scenes.archive import write

    if layout != "pascal-mt":
        raise RequestError(f"layout is {layout!r}; it must be pascal-mt")
    write(to, train, val, side)
    console.written([to], {}, as_json=False)
