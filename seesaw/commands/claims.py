"""The command that decides claims: what is missing, its cost, runs on request, and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    RUN_THREADS,
    Data,
    Jobs,
    Json,
    Results,
    Runs,
    Threads,
    Weights,
    facts_of,
    interruptible,
    sources_of,
)
from seesaw.reports.claims.read import FILE, Claims, read

if TYPE_CHECKING:
    from seesaw.reports.claims.decide import Decided
    from seesaw.suite.records.store import Store


@app.command()
def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Claims by number; default: all of them.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Do the runs that are missing.")] = False,
    limit: Annotated[
        float, typer.Option(min=0.0, help="Hours that `--run` may take, by its own estimate.")
    ] = 1.0,
    file: Annotated[Path, typer.Option("--claims", help="File of claims.")] = FILE,
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("reports"),
    data: Data = "",
    weights: Weights = "",
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = RUN_THREADS,
    at_once: Jobs = None,
    as_json: Json = False,
) -> None:
    """What stored runs say to what papers say; which runs are missing, and what they would cost."""
    # these load torch
    from seesaw.commands.claim_runs import check, do, plan
    from seesaw.reports.claims.page import PAGE, markdown
    from seesaw.reports.files import linked, replace
    from seesaw.suite.launch.local import launcher, runs_at_once
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.determinism import pin

    own, store, published = read(file, facts_of), Store(runs), Store(results)
    check(own)
    pin(threads)
    with interruptible():
        decided = _decided(own, published, data, weights)
        replace(out / PAGE, markdown(decided, own.facts, linked(published.address, out)))
        asked = _asked(decided, ids or [])
        planned = plan(asked, own.facts, data, weights, store)
        costs = {missing: one.cost for missing, one in planned.items()}
        console.claims(asked, costs, out / PAGE, as_json)
        if run:
            room = limit * 3600 * runs_at_once(at_once, threads)
            do(planned, room, store, published, launcher(at_once, threads))


def _decided(own: Claims, published: Store, data: str, weights: str) -> list[Decided]:
    """By the published records that verify, as the leaderboard has them."""
    from seesaw.reports.boards import boards
    from seesaw.reports.claims.decide import decide
    from seesaw.reports.claims.found import Stored
    from seesaw.reports.evidence import stored
    from seesaw.reports.judgement import Judgement
    from seesaw.suite.audit.audit import JUDGED, audit

    found = audit(published, sources_of("", data, weights), lambda r: r.status in JUDGED)
    judged = [Judgement(b, stored(published)) for b in boards(found.accepted, found.scan.speed)]
    return decide(own, Stored(judged, found.accepted, found.scan.speed))


def _asked(decided: Sequence[Decided], ids: Sequence[str]) -> list[Decided]:
    known = [own.claim.id for own in decided]
    if unknown := [name for name in ids if name not in known]:
        raise typer.BadParameter(f"there is no claim {unknown[0]!r}; there are {', '.join(known)}")
    return [own for own in decided if not ids or own.claim.id in ids]
