"""Commands that say what there is."""

from __future__ import annotations

from suite import show
from suite.cli.app import app
from suite.cli.arguments import Json


@app.command()
def methods(as_json: Json = False) -> None:
    """List the registered methods."""
    from methods import get_method, method_names

    show.methods([get_method(name) for name in method_names()], as_json)


@app.command()
def tracks(as_json: Json = False) -> None:
    """List the tracks."""
    from tasks.track import get_track, track_names

    show.tracks([get_track(name) for name in track_names()], as_json)
