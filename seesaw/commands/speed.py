"""The command that measures step times."""

from __future__ import annotations

from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    BudgetText,
    Data,
    Json,
    Kind,
    Methods,
    Runs,
    Threads,
    Tracks,
    Weights,
    parse_budget,
    parse_seeds,
    split_methods,
    split_names,
    workloads,
)


@app.command()
def speed(
    methods: Methods = None,
    track: Tracks = "",
    budget: BudgetText = "",
    budget_kind: Kind = "total",
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
    from seesaw.suite.costs.backbones import backbone_place
    from seesaw.suite.plan.request import parse_method
    from seesaw.suite.records.store import Store
    from seesaw.suite.run.determinism import pin
    from seesaw.suite.speed.backbones import BareBackbone, measure_backbone
    from seesaw.suite.speed.tracks import measure_track

    requests = [parse_method(text) for text in split_methods(methods)]
    target = parse_budget(budget, budget_kind)
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
    console.speed(found, as_json)
