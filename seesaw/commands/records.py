"""Commands that work on records: publish, verify, leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    Json,
    OwnTrack,
    Results,
    Runs,
    Weights,
)


@app.command()
def publish(
    runs: Runs = "runs",
    results: Results = "results",
    again: Annotated[
        bool, typer.Option(help="Also runs whose outcomes differ from their published twin's.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy verified records of clean commits from the runs to the published store."""
    from seesaw.suite.audit.publish import publish as copy
    from seesaw.suite.records.store import Store

    copied, refused = copy(Store(runs), Store(results), again)
    console.published([record.path for record in copied], refused, as_json)


@app.command()
def leaderboard(
    results: Results = "results",
    out: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path("reports"),
    as_json: Json = False,
) -> None:
    """Rebuild every table and figure from the published records."""
    from seesaw.reports.leaderboard import build

    paths, damaged = build(results, out)
    console.written(paths, damaged, as_json)


@app.command()
def verify(
    records: Annotated[
        list[Path] | None, typer.Argument(help="Record files; default: all.")
    ] = None,
    store: Annotated[str, typer.Option(help="Store the records are in.")] = "results",
    track: OwnTrack = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Recompute scores from the outcomes files and count the parameters again."""
    from seesaw.suite.audit.verify import verify_all
    from seesaw.suite.records.store import Store
    from seesaw.tasks.track import get_track

    own = get_track(track) if track else None
    wanted = {path.name.removesuffix(".json") for path in records or []}
    checked = verify_all(Store(store), wanted, own, weights or None)
    console.verified(checked, as_json)
    if any(checked.values()):
        raise typer.Exit(1)
