"""Commands that say what there is."""

from __future__ import annotations

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import Json


@app.command()
def methods(as_json: Json = False) -> None:
    """List the registered methods."""
    from seesaw.methods import get_method, method_names

    console.methods([get_method(name) for name in method_names()], as_json)


@app.command()
def tracks(as_json: Json = False) -> None:
    """List the tracks."""
    from seesaw.tasks.catalogue import get_track, track_names

    console.tracks([get_track(name) for name in track_names()], as_json)
