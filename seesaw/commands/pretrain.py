"""The command that trains the backbones that come with the suite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import Threads

PRETRAINED = {
    "scenes": "seesaw.tasks.sources.scenes.pretrain",
    "stories": "seesaw.tasks.sources.stories.pretrain",
    "stories-orders": "seesaw.tasks.sources.stories.pretrain_orders",
}
"""Modules with `Recipe`, `WEIGHTS` and `pretrain`, by what is trained."""


@app.command()
def pretrain(
    what: Annotated[str, typer.Argument(help="scenes, stories, stories-orders: which backbone.")],
    to: Annotated[
        Path | None, typer.Option(help="Safetensors file; default: the one in the package.")
    ] = None,
    threads: Threads = 2,
) -> None:
    """Train a backbone that comes with the suite; the same bytes on the same kind of machine."""
    import importlib

    from seesaw.suite.plan.request import RequestError
    from seesaw.suite.run.determinism import pin
    from seesaw.tasks.backbones.files import sha256

    if what not in PRETRAINED:
        raise RequestError(f"cannot pre-train {what!r}; there is: {', '.join(PRETRAINED)}")
    module = importlib.import_module(PRETRAINED[what])
    pin(threads)
    recipe = module.Recipe()
    with console.Steps(f"pre-training on {what}", recipe.steps) as steps:
        path = module.pretrain(recipe, to or module.WEIGHTS, steps.moved)
    console.written([path, path.with_suffix(".json")], {}, as_json=False)
    console.line(f"SHA-256 {sha256(path)}")
