"""The application that commands register with, and what must be set before torch comes in."""

from __future__ import annotations

import os
import warnings
from typing import Annotated

import typer

from seesaw import __version__
from seesaw.commands.environment import settle

settle(os.environ)
# PEFT asks transformers under a name that is on its way out; nothing a user can do
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def face(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """A reproducible benchmark suite and leaderboard for multi-task low-rank adapters."""
