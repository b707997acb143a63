"""Commands that work on records: publish, verify, leaderboard, clean."""

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
    Results,
    Runs,
    Weights,
    facts_of,
    sources_of,
)


@app.command()
def publish(
    runs: Runs = "runs",
    results: Results = "results",
    again: Annotated[
        bool, typer.Option(help="Also runs whose outcomes differ from their published twin's.")
    ] = False,
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Copy verified records of clean commits from the runs to the published store."""
    from seesaw.suite.audit.publish import publish as copy
    from seesaw.suite.records.store import Store

    sources = sources_of(track, data, weights)
    copied, refused = copy(Store(runs), Store(results), sources, again)
    console.published([record.path for record in copied], refused, as_json)


@app.command()
def leaderboard(
    results: Results = "results",
    out: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path("reports"),
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Rebuild every table and figure from the published records that verify."""
    from seesaw.reports.claims.read import FILE, read
    from seesaw.reports.evidence import stored
    from seesaw.reports.findings import FILE as FINDINGS
    from seesaw.reports.leaderboard import build
    from seesaw.suite.audit.audit import JUDGED, audit
    from seesaw.suite.records.store import Store
    from seesaw.tasks.catalogue import dials

    claims, store = read(FILE, facts_of), Store(results)
    found = audit(store, sources_of(track, data, weights), lambda r: r.status in JUDGED)
    parts = (found.calibrations, stored(store), claims, store.address, dials(), found.refused)
    paths = build(found.accepted, found.scan, out, *parts, findings=FINDINGS.read_text())
    console.written(paths, found.refused, as_json)


@app.command()
def verify(
    records: Annotated[
        list[Path] | None, typer.Argument(help="Record files; default: all.")
    ] = None,
    store: Annotated[str, typer.Option(help="Store the records are in.")] = "results",
    track: OwnTrack = "",
    data: Data = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Check records against outcomes, track and data: all that tables print is computed anew."""
    from seesaw.suite.audit.audit import audit_named
    from seesaw.suite.records.store import Store

    wanted = {path.name.removesuffix(".json") for path in records or []}
    found = audit_named(Store(store), sources_of(track, data, weights), wanted)
    console.verified(found.checked, found.notes, found.scan.leftovers, as_json)
    if any(found.checked.values()):
        raise typer.Exit(1)


@app.command()
def clean(runs: Runs = "runs", as_json: Json = False) -> None:
    """Remove unfinished files from a store, and those that belong to no record."""
    from seesaw.suite.records.store import Store

    console.cleaned(Store(runs).clean(), as_json)
