"""The command that compares what methods get for a budget."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    Json,
    Methods,
    Results,
    Tracks,
    Weights,
    parse_count,
    split_methods,
    split_names,
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
    bits: Annotated[
        int, typer.Option(help="Bits of the frozen linears, with --memory: 16, 8 or 4.")
    ] = 16,
    results: Results = "results",
    weights: Weights = "",
    layout: Annotated[
        str, typer.Option("--format", help="table, markdown, csv or json.")
    ] = "table",
    as_json: Json = False,
) -> None:
    """What each method gets for a parameter budget, side by side; no weights, no training."""
    from seesaw.suite.costs.backbones import backbone_places, track_places
    from seesaw.suite.costs.budgets import compare_budgets
    from seesaw.suite.costs.budgets import like as budget_like
    from seesaw.suite.plan.request import parse_method

    if layout not in console.LAYOUTS:
        raise typer.BadParameter(f"{layout!r} is not one of {', '.join(console.LAYOUTS)}")
    requests = [parse_method(text) for text in split_methods(methods)]
    # a comma before three bare digits is part of a number
    parts = re.split(r"\s+|,(?!\d{3}(?![\dkKmMgG]))", budget)
    targets = [parse_count(text) for text in parts if text]
    names = split_names(backbone)
    if memory:
        shown = names or ["llama-2-7b"]
        same = parse_method(like, sized=True)
        console.memory(_memory(shown, requests, same, targets, memory, bits))
        return
    places = [] if names else track_places(split_names(track), weights, targets)
    for place in backbone_places(names, track, n_tasks, beside_blocks, backbone_rank):
        own = [budget_like(place, parse_method(like, sized=True))]
        places.append((place, targets or own))
    rows = compare_budgets(places, requests)
    console.budgets(rows, "json" if as_json else layout)
    if figure is not None:
        from seesaw.reports.budgets import write

        write(figure, results, [vars(row) for row in rows])
        console.written([figure], {}, as_json=False)


def _memory(
    names: list[str], requests: list[Any], like: Any, targets: list[int], size: str, bits: int
) -> list[Any]:
    """Memory of every method on every backbone, at the budgets that are named or that of `like`."""
    from seesaw.suite.costs.backbones import backbone_place
    from seesaw.suite.costs.budgets import like as budget_like
    from seesaw.suite.costs.budgets import solved
    from seesaw.suite.costs.training_memory import training_memory

    match = re.fullmatch(r"(\d+)x(\d+)", size)
    if match is None:
        raise typer.BadParameter(f"--memory is {size!r}; it must be examples x tokens, 4x2048")
    found = []
    for name in names:
        place = backbone_place(name, 8, beside_blocks=False, backbone_rank=0)
        for target in targets or [budget_like(place, like)]:
            for request in requests:
                config = solved(place, request, target)
                batch, length = map(int, match.groups())
                found.append(training_memory(place, config, request.label, batch, length, bits))
    return found
