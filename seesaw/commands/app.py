"""The application that commands register with, and what must be set before torch comes in."""

from __future__ import annotations

import os
import warnings

import typer

from seesaw.commands.environment import settle

settle(os.environ)
# PEFT asks transformers under a name that is on its way out; nothing a user can do
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)

app = typer.Typer(
    help="A reproducible benchmark suite and leaderboard for multi-task low-rank adapters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
