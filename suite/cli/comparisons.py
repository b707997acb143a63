"""Commands that compare methods without training: budgets and speed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from suite import show
from suite.cli.app import app
from suite.cli.arguments import (
    Budget,
    Data,
    Json,
    Methods,
    Results,
    Runs,
    Threads,
    Tracks,
    Weights,
    parse_count,
    parse_seeds,
    split_methods,
    split_names,
    workloads,
)


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
    memory: Annotated[
        str,
        typer.Option(
            help="Examples x tokens, 4x2048: GPU memory of a training step instead, with "
            "--backbone and checkpointing."
        ),
    ] = "",
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
    names = split_names(backbone)
    if memory:
        shown = names or ["llama-2-7b"]
        show.memory(_memory(shown, requests, parse_method(like, sized=True), targets, memory))
        return
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


def _memory(
    names: list[str], requests: list[Any], like: Any, targets: list[int], size: str
) -> list[Any]:
    """Memory of every method on every backbone, at the budgets that are named or that of `like`."""
    from suite.compare import like as budget_like
    from suite.compare import solved
    from suite.memory import training_memory
    from suite.shapes import backbone_place

    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if match is None:
        raise typer.BadParameter(f"--memory is {size!r}; it must be examples x tokens, 4x2048")
    found = []
    for name in names:
        place = backbone_place(name, 8, beside_blocks=False, backbone_rank=0)
        for target in targets or [budget_like(place, like)]:
            for request in requests:
                config = solved(place, request, target)
                found.append(
                    training_memory(place, config, request.label, *map(int, match.groups()))
                )
    return found


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
    from suite.plan import placement_of, track_linears
    from suite.shapes import in_blocks
    from tasks import backbones
    from tasks.track import get_track, track_names

    names = split_names(tracks)
    chosen = [get_track(name) for name in names or track_names()]
    places = []
    for track in chosen:
        if names or track.tier == "embedded":
            path = backbones.locate(track.backbone, weights or None)
            linears = in_blocks(track_linears(track, path))
            place = Place(
                track.slug,
                linears,
                len(track.tasks),
                placement_of(track),
                dense=track.kind == "dense",
            )
            own = [track.budgets.default, *track.budgets.curve]
            places.append((place, targets or own))
    return places


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
    from suite.bare import BareBackbone, measure_backbone
    from suite.build import pin
    from suite.plan import parse_method
    from suite.shapes import backbone_place
    from suite.speed import measure_track
    from suite.store import Store

    requests = [parse_method(text) for text in split_methods(methods)]
    target = parse_count(budget) if budget else None
    names = split_names(backbone)
    counts = tuple(parse_seeds(loops))
    pin(threads)
    store = Store(runs)
    found = []
    for name in names:
        place = backbone_place(name, 8, beside_blocks=False, backbone_rank=0)
        bare = BareBackbone(place, rank, (batch_size, length), counts, compiled)
        found += [store.add(r) for r in measure_backbone(bare, requests, rounds, store)]
    for workload in [] if names else workloads(track, data, weights, ""):
        records = measure_track(workload, requests, target, rounds, store)
        found += [store.add(record) for record in records]
    show.speed(found, as_json)
