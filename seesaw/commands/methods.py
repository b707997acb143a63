"""Commands for authors of methods."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from seesaw import console
from seesaw.commands.app import app
from seesaw.commands.arguments import (
    Json,
)


@app.command()
def check(
    method: Annotated[str, typer.Argument(help="A registered method, or the module of your own.")],
    as_json: Json = False,
) -> None:
    """Run the conformance checks on a method."""
    from seesaw.suite.checks import run_checks
    from seesaw.suite.plan.request import find_method

    sys.path.insert(0, os.getcwd())  # where an author's own module is
    found = dict(run_checks(find_method(method)))
    console.checked(found, as_json)
    if any(found.values()):
        raise typer.Exit(1)
