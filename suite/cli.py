"""The command line `seesaw`: arguments in, tables or JSON out. The work is done elsewhere."""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer

from suite import show

# set before torch comes in, which commands import when they need it
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # threads are pinned
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "2")
# PEFT asks transformers under a name that is on its way out; nothing a user can do
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)

app = typer.Typer(
    help="A reproducible benchmark suite and leaderboard for multi-task low-rank adapters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

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
Budget = Annotated[
    str, typer.Option(help="Trainable adapter parameters, e.g. 650k or 1.5M; default: the track's.")
]
Data = Annotated[str, typer.Option(help="Folder with local data, for tracks that take it.")]
Weights = Annotated[str, typer.Option(help="Folder or hub id that serves the backbone.")]
OnlyTasks = Annotated[str, typer.Option("--tasks", help="Only these tasks, comma-separated.")]
Threads = Annotated[int, typer.Option(help="CPU threads; results may differ between counts.")]


def parse_count(text: str) -> int:
    """A count such as 2654208, 650k, 2.5M.

    Raises:
        BadParameter: it is none.
    """
    match = re.fullmatch(r"(\d[\d_,]*(?:\.\d+)?)\s*([kKmMgG]?)", text.strip())
    if match is None or float(re.sub("[_,]", "", match[1])) <= 0:
        raise typer.BadParameter(f"{text!r} is not a count such as 650k, 1.5M or 2654208")
    factor = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}[match[2].lower()]
    return round(float(re.sub("[_,]", "", match[1])) * factor)


def parse_seeds(text: str) -> list[int]:
    """Seeds such as `0`, `0,1,2`, `0 1 2` or `0-4`.

    Raises:
        BadParameter: it is none.
    """
    seeds: list[int] = []
    for part in re.split(r"[\s,]+", text.strip()):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if match is None:
            raise typer.BadParameter(f"{part!r} is not a seed or a range such as 0-4")
        seeds += range(int(match[1]), int(match[2] or match[1]) + 1)
    return seeds


def split_methods(texts: list[str] | None) -> list[str]:
    """Single method requests out of arguments that may hold several each.

    `all` is every method but the controls, `controls` those.
    """
    from methods import get_method, method_names

    names = re.findall(r"(?:[^\s,\[]|\[[^\]]*\]?)+", " ".join(texts or ["all"]))
    groups = {
        "all": [name for name in method_names() if not get_method(name).control],
        "controls": [name for name in method_names() if get_method(name).control],
    }
    return [method for name in names for method in groups.get(name, [name])]


def _workloads(tracks: str, data: str, weights: str, only: str) -> list[Any]:
    """The tracks of a request, loaded and checked; all embedded ones if none is named."""
    from suite.plan import Workload
    from tasks.track import get_track, track_names

    names = [name for name in re.split(r"[\s,]+", tracks) if name]
    chosen = [get_track(name) for name in names or track_names()]
    if not names:
        chosen = [track for track in chosen if track.tier == "embedded"]
    tasks = [name for name in re.split(r"[\s,]+", only) if name]
    folder = Path(data) if data else None
    return [Workload(track, folder, weights or None, tasks) for track in chosen]


@app.command()
def bench(
    methods: Methods = None,
    track: Tracks = "",
    budget: Budget = "",
    seeds: Annotated[str, typer.Option(help="Seeds: `0`, `0,1,2` or `0-4`.")] = "0",
    data: Data = "",
    weights: Weights = "",
    tasks: OnlyTasks = "",
    force: Annotated[bool, typer.Option(help="Run again what ended ok.")] = False,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be run, and train nothing.")
    ] = False,
    runs: Runs = "runs",
    results: Results = "results",
    threads: Threads = 2,
    as_json: Json = False,
) -> None:
    """Train and score methods under one budget, store the records, print the table."""
    from suite.bench import Outcome
    from suite.bench import bench as run_plans
    from suite.stamp import request_key, stamp, stamped
    from suite.store import Store

    chosen_seeds, target = parse_seeds(seeds), parse_count(budget) if budget else None
    own, published = Store(runs), Store(results)
    request = [methods, track, target, chosen_seeds, data, weights, tasks, threads]
    key = request_key({"bench": request}, [name for name in (data, weights, track) if name])
    done = None if force or dry_run else stamped(own, key)
    if done is not None:
        known = [Outcome.known(record, published) for record in done]
        show.bench_summary(known, own, published, as_json)
        return
    plans = _plans(methods, (track, data, weights, tasks), target, chosen_seeds, threads)
    if dry_run:
        from suite.estimate import estimate

        show.dry_run(estimate(plans, own), as_json)
        return
    try:
        with show.BenchProgress(len(plans)) as progress:
            outcomes = run_plans(plans, own, published, force, progress.started, progress.ended)
    except KeyboardInterrupt:
        show.error("interrupted; what had ended is stored, the same command goes on with the rest")
        raise typer.Exit(130) from None
    show.bench_summary(outcomes, own, published, as_json)
    if any(outcome.record.status != "ok" for outcome in outcomes):
        raise typer.Exit(1)
    stamp(own, key, [outcome.record for outcome in outcomes])


def _plans(
    methods: list[str] | None,
    where: tuple[str, str, str, str],
    target: int | None,
    seeds: list[int],
    threads: int,
) -> list[Any]:
    """Every run of a request; `where` is track, data, weights and tasks as given."""
    from suite.plan import make_plans, parse_method
    from suite.run import pin

    requests = [parse_method(text) for text in split_methods(methods)]
    pin(threads)
    return [
        plan
        for workload in _workloads(*where)
        for plan in make_plans(workload, requests, target, seeds)
    ]


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
    from suite.publish import publish as copy
    from suite.store import Store

    copied, refused = copy(Store(runs), Store(results), again)
    show.published([record.path for record in copied], refused, as_json)


@app.command()
def leaderboard(
    results: Results = "results",
    out: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path("reports"),
    as_json: Json = False,
) -> None:
    """Rebuild every table and figure from the published records."""
    from reports.leaderboard import build

    paths, damaged = build(results, out)
    show.written(paths, damaged, as_json)


@app.command()
def budgets(
    methods: Methods = None,
    track: Tracks = "",
    budget: Annotated[
        str, typer.Option("--budget", "--params", help="Budgets, comma-separated: 250k,1M,4M.")
    ] = "",
    backbone: Annotated[
        str,
        typer.Option(
            help="Backbones instead of a track's: roberta-base, t5-base, llama-2-7b, llama-3.1-8b, "
            "a timm model, or a folder with a config.json; several with commas."
        ),
    ] = "",
    n_tasks: Annotated[int, typer.Option(min=1, help="Tasks, with --backbone.")] = 8,
    like: Annotated[
        str, typer.Option(help="The budget of a method as asked for: lora[r=16].")
    ] = "lora[r=16]",
    beside_blocks: Annotated[
        bool, typer.Option(help="Updates beside whole feed-forward blocks, with --backbone.")
    ] = False,
    backbone_rank: Annotated[
        int, typer.Option(min=0, help="Plain LoRA of this rank besides, with --beside-blocks.")
    ] = 0,
    figure: Annotated[
        Path | None, typer.Option(help="SVG to draw: quality where records are, else cost.")
    ] = None,
    results: Results = "results",
    weights: Weights = "",
    layout: Annotated[
        str, typer.Option("--format", help="table, markdown, csv or json.")
    ] = "table",
    as_json: Json = False,
) -> None:
    """What each method gets for a parameter budget, side by side; no weights, no training."""
    from suite.compare import compare_budgets
    from suite.compare import like as budget_like
    from suite.plan import parse_method

    if layout not in show.LAYOUTS:
        raise typer.BadParameter(f"{layout!r} is not one of {', '.join(show.LAYOUTS)}")
    requests = [parse_method(text) for text in split_methods(methods)]
    # a comma before three bare digits is part of a number
    parts = re.split(r"\s+|,(?!\d{3}(?![\dkKmMgG]))", budget)
    targets = [parse_count(text) for text in parts if text]
    names = [name for name in re.split(r"[\s,]+", backbone) if name]
    places = [] if names else _track_places(track, weights, targets)
    for place in _backbone_places(names, track, n_tasks, beside_blocks, backbone_rank):
        own = [budget_like(place, parse_method(like, sized=True))]
        places.append((place, targets or own))
    rows = compare_budgets(places, requests)
    show.budgets(rows, "json" if as_json else layout)
    if figure is not None:
        from reports.budgets import write

        write(figure, results, [vars(row) for row in rows])
        show.written([figure], {}, as_json=False)


SHOWN_BACKBONES = ("vit_base_patch16_224", "llama-2-7b", "llama-3.1-8b")
"""Where budgets are compared besides the embedded tracks, if nothing is asked for."""


def _backbone_places(
    names: list[str], track: str, n_tasks: int, beside_blocks: bool, backbone_rank: int
) -> list[Any]:
    from suite.shapes import backbone_place

    shown = names if names or track else SHOWN_BACKBONES
    return [backbone_place(name, n_tasks, beside_blocks, backbone_rank) for name in shown]


def _track_places(tracks: str, weights: str, targets: list[int]) -> list[Any]:
    """Tracks as places to compare budgets at, with their own budgets where none is named."""
    from suite.compare import Place
    from suite.plan import linear_shapes, placement_of
    from suite.shapes import in_blocks
    from tasks import backbones
    from tasks.track import get_track, track_names

    names = [name for name in re.split(r"[\s,]+", tracks) if name]
    chosen = [get_track(name) for name in names or track_names()]
    places = []
    for track in chosen:
        if names or track.tier == "embedded":
            folder = backbones.locate(track.backbone, weights or None)
            linears = in_blocks(linear_shapes(backbones.load_model(folder, meta=True)))
            place = Place(track.slug, linears, len(track.tasks), placement_of(track))
            own = [track.budgets.default, *track.budgets.curve]
            places.append((place, targets or own))
    return places


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


@app.command()
def verify(
    records: Annotated[
        list[Path] | None, typer.Argument(help="Record files; default: all.")
    ] = None,
    store: Annotated[str, typer.Option(help="Store the records are in.")] = "results",
    track: Annotated[str, typer.Option(help="Track file, for records of no track of ours.")] = "",
    weights: Weights = "",
    as_json: Json = False,
) -> None:
    """Recompute scores from the outcomes files and count the parameters again."""
    from suite.store import Store
    from suite.verify import verify as check
    from tasks.track import get_track

    own = get_track(track) if track else None
    checked: dict[str, list[str]] = {}
    place = Store(store)
    scan = place.scan()
    wanted = {path.name.removesuffix(".json") for path in records or []}
    for record in scan.records:
        if not wanted or record.path.rpartition("/")[2] in wanted:
            checked[record.path] = check(record, place, own, weights or None)
    for path, reason in scan.damaged.items():
        if not wanted or Path(path).stem in wanted:
            checked[path] = [reason]
    for missing in wanted - {Path(path).name.removesuffix(".json") for path in checked}:
        checked[missing] = [f"no such record in {store}"]
    show.verified(checked, as_json)
    if any(checked.values()):
        raise typer.Exit(1)


@app.command()
def check(
    method: Annotated[str, typer.Argument(help="A registered method, or the module of your own.")],
    as_json: Json = False,
) -> None:
    """Run the conformance checks on a method."""
    from suite.check import run_checks
    from suite.plan import find_method

    sys.path.insert(0, os.getcwd())  # where an author's own module is
    found = dict(run_checks(find_method(method)))
    show.checked(found, as_json)
    if any(found.values()):
        raise typer.Exit(1)


@app.command()
def export(
    record: Annotated[Path, typer.Argument(help="A record file under the runs.")],
    task: Annotated[str, typer.Option(help="Task whose adapter is wanted.")],
    to: Annotated[Path, typer.Option(help="Folder to write to.")],
    runs: Runs = "runs",
    track: Annotated[str, typer.Option(help="Track file, for records of no track of ours.")] = "",
    data: Data = "",
    weights: Weights = "",
) -> None:
    """Write a run's adapter as a plain LoRA for one task, which stock PEFT loads."""
    from suite.export import export as write
    from suite.plan import RequestError, Workload
    from suite.record import track_of
    from suite.store import Store
    from tasks.track import get_track

    store = Store(runs)
    name = record.name.removesuffix(".json")
    found = [r for r in store.scan().records if r.path.rpartition("/")[2] == name]
    if not found:
        raise RequestError(f"no record {name} in {runs}")
    own = get_track(track or track_of(found[0].spec.track))
    workload = Workload(own, Path(data) if data else None, weights or None, found[0].spec.tasks)
    write(found[0], store, workload, task, to)
    show.written([to], {}, as_json=False)


@app.command()
def speed(
    methods: Methods = None,
    track: Tracks = "",
    budget: Budget = "",
    data: Data = "",
    weights: Weights = "",
    backbone: Annotated[
        str,
        typer.Option(
            help="Backbones with random weights instead of tracks, as in `seesaw budgets`; all "
            "methods at one total rank, beside a loop over experts and PEFT's Poly and Lily."
        ),
    ] = "",
    rank: Annotated[int, typer.Option(min=8, help="Total rank, with --backbone.")] = 64,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples, with --backbone.")] = 8,
    length: Annotated[int, typer.Option(min=1, help="Tokens of each, with --backbone.")] = 64,
    loops: Annotated[
        str, typer.Option(help="Experts of the loops, with --backbone; 64 need much memory.")
    ] = "8",
    compiled: Annotated[
        bool, typer.Option("--compile", help="Under torch.compile, with --backbone.")
    ] = False,
    rounds: Annotated[int, typer.Option(min=3, help="Counted rounds.")] = 15,
    runs: Runs = "runs",
    threads: Threads = 2,
    as_json: Json = False,
) -> None:
    """Step time of each method against PEFT's LoRA and the frozen backbone, interleaved."""
    from suite.plan import parse_method
    from suite.run import pin
    from suite.shapes import backbone_place
    from suite.speed import BareBackbone, measure_backbone, measure_track
    from suite.store import Store

    requests = [parse_method(text) for text in split_methods(methods)]
    target = parse_count(budget) if budget else None
    names = [name for name in re.split(r"[\s,]+", backbone) if name]
    counts = tuple(parse_seeds(loops))
    pin(threads)
    store = Store(runs)
    found = []
    for name in names:
        place = backbone_place(name, 8, beside_blocks=False, backbone_rank=0)
        bare = BareBackbone(place, rank, (batch_size, length), counts, compiled)
        found += [store.add(r) for r in measure_backbone(bare, requests, rounds, store)]
    for workload in [] if names else _workloads(track, data, weights, ""):
        records = measure_track(workload, requests, target, rounds, store)
        found += [store.add(record) for record in records]
    show.speed(found, as_json)


def main() -> None:
    """Entry point: our own errors are one line and exit code 2, not a traceback."""
    try:
        app()
    except ValueError as problem:
        if not _is_ours(problem):
            raise
        show.error(str(problem))
        raise SystemExit(2) from None


def _is_ours(problem: ValueError) -> bool:
    return type(problem).__module__.split(".")[0] in ("suite", "methods", "tasks", "reports")
