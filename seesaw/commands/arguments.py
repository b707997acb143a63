"""Arguments of the command line: options several commands have, and what their text means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seesaw import console
from seesaw.suite.records.spec import BudgetKind

if TYPE_CHECKING:  # torch and pandas come in with them
    from seesaw.reports.claims.cell import Facts
    from seesaw.suite.audit.sources import Sources
    from seesaw.suite.plan.budget import Budget

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output on standard output.")]
Runs = Annotated[str, typer.Option(help="Store this machine writes to; any fsspec address.")]
Results = Annotated[str, typer.Option(help="Published store; any fsspec address.")]
Methods = Annotated[
    list[str] | None,
    typer.Argument(help="Methods: a name, `name[field=value,...]`, several of them, or `all`."),
]
Tracks = Annotated[
    str, typer.Option("--track", help="Track names, comma-separated; default: every embedded one.")
]
BudgetText = Annotated[
    str, typer.Option(help="Trainable adapter parameters, e.g. 650k or 1.5M; default: the track's.")
]
Kind = Annotated[
    BudgetKind,
    typer.Option("--budget-kind", help="Whether all of them count, or those one token uses."),
]
Data = Annotated[str, typer.Option(help="Folder with local data, for tracks that take it.")]
Weights = Annotated[str, typer.Option(help="Folder or hub id that serves the backbone.")]
OnlyTasks = Annotated[str, typer.Option("--tasks", help="Only these tasks, comma-separated.")]


def _at_least_one(threads: int) -> int:
    if threads < 1:
        raise typer.BadParameter(f"{threads} is no number of threads; it must be 1 or more")
    return threads


Threads = Annotated[
    int,
    typer.Option(callback=_at_least_one, help="CPU threads; results may differ between counts."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        help="Runs at once, each in a process, where there are GPUs so many on each; default: as "
        "many as there are CPUs for, or one per GPU.",
    ),
]
RUN_THREADS = 1
"""Of a run: what one thread computes is the same however many cores a machine has."""
OwnTrack = Annotated[
    str, typer.Option("--track", help="Track file, for records of no track of ours.")
]


MOST_SEEDS = 10_000
"""In one call."""
MOST_PARAMETERS = 10**11
"""A budget over this is a slip of the pen: a unit too many."""


def parse_count(text: str) -> int:
    """A count of parameters such as 2654208, 650k, 2.5M.

    Raises:
        BadParameter: it is none, or too large.
    """
    match = re.fullmatch(r"(\d[\d_,]*(?:\.\d+)?)\s*([kKmMgG]?)", text.strip())
    if match is None or float(re.sub("[_,]", "", match[1])) <= 0:
        raise typer.BadParameter(f"{text!r} is not a count such as 650k, 1.5M or 2654208")
    factor = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()]
    count = round(float(re.sub("[_,]", "", match[1])) * factor)
    if count > MOST_PARAMETERS:
        raise typer.BadParameter(f"{text!r} is over {MOST_PARAMETERS:,}, the most that is solved")
    return count


def parse_budget(text: str, kind: BudgetKind = "total") -> Budget:
    """A budget as asked for; the track's own where `text` is empty.

    Raises:
        BadParameter: see `parse_count`.
    """
    from seesaw.suite.plan.budget import Budget

    return Budget(parse_count(text) if text else None, kind)


def parse_seeds(text: str) -> list[int]:
    """Seeds such as `0`, `0,1,2`, `0 1 2` or `0-4`.

    Raises:
        BadParameter: it is none, a range that ends before it begins, or too many.
    """
    seeds: dict[int, None] = {}
    for part in re.split(r"[\s,]+", text.strip()):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None:
            raise typer.BadParameter(f"{part!r} is not a seed or a range such as 0-4")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise typer.BadParameter(f"{part!r} ends before it begins; write {last}-{first}")
        if last - first >= MOST_SEEDS:
            raise typer.BadParameter(f"{part!r} is over {MOST_SEEDS:,} seeds, the most in one call")
        seeds.update(dict.fromkeys(range(first, last + 1)))
    return list(seeds)


def split_methods(texts: list[str] | None) -> list[str]:
    """Single method requests out of arguments that may hold several each.

    `all` is every method but the controls, `controls` those.
    """
    from seesaw.methods import get_method, method_names

    names = re.findall(r"(?:[^\s,\[]|\[[^\]]*\]?)+", " ".join(texts or ["all"]))
    groups = {
        "all": [name for name in method_names() if not get_method(name).control],
        "controls": [name for name in method_names() if get_method(name).control],
    }
    return [method for name in names for method in groups.get(name, [name])]


def split_names(text: str) -> list[str]:
    """Names out of one argument, parted by commas or blanks."""
    return [name for name in re.split(r"[\s,]+", text) if name]


def workloads(tracks: str, data: str, weights: str, only: str) -> list[Any]:
    """The tracks of a request, loaded and checked; all embedded ones if none is named."""
    from seesaw.suite.plan.workload import Workload
    from seesaw.tasks.catalogue import get_track, track_names

    names = split_names(tracks)
    chosen = [get_track(name) for name in names or track_names()]
    if not names:
        chosen = [track for track in chosen if track.tier == "embedded"]
    tasks = split_names(only)
    folder = Path(data) if data else None
    return [Workload(track, folder, weights or None, tasks) for track in chosen]


def record_workload(record: Any, track: str, data: str, weights: str) -> Any:
    """The track of a record, or the file `track`, loaded with the record's tasks."""
    from seesaw.suite.plan.workload import Workload
    from seesaw.suite.records.spec import played_on
    from seesaw.tasks.catalogue import get_track

    own = get_track(track or played_on(record.spec.track))
    return Workload(own, Path(data) if data else None, weights or None, record.spec.tasks)


def sources_of(track: str, data: str, weights: str) -> Sources:
    """Where records are checked against, out of what a user names."""
    from seesaw.suite.audit.sources import Sources
    from seesaw.tasks.catalogue import get_track

    return Sources(get_track(track) if track else None, data, weights)


def facts_of(name: str) -> Facts:
    """What claims must know of a track.

    Raises:
        UnknownTrack: there is none.
        TrackError: its file does not describe a track.
    """
    from seesaw.reports.claims.cell import Facts
    from seesaw.tasks.catalogue import get_track

    own = get_track(name)
    return Facts(own.slug, own.budgets.default, own.tasks, own.tier != "embedded")


@contextmanager
def interruptible() -> Iterator[None]:
    """Work that may be stopped at any time: what it had stored stays, and that is said."""
    try:
        yield
    except KeyboardInterrupt:
        console.error(
            "interrupted; what had ended is stored, the same command goes on with the rest"
        )
        raise typer.Exit(130) from None
