"""The command line `seesaw`: arguments in, tables or JSON out. The work is done elsewhere."""

from __future__ import annotations

from seesaw import console
from seesaw.commands import (
    adapters,
    backbones,
    bench,
    budgets,
    calibrate,
    claims,
    data,
    listings,
    methods,
    pretrain,
    records,
    speed,
    tune,
)
from seesaw.commands.app import app

__all__ = [
    "adapters",
    "app",
    "backbones",
    "bench",
    "budgets",
    "calibrate",
    "claims",
    "data",
    "listings",
    "main",
    "methods",
    "pretrain",
    "records",
    "speed",
    "tune",
]


def main() -> None:
    """Entry point: our own errors are one line and exit code 2, not a traceback."""
    try:
        app()
    except ValueError as problem:
        if not _is_ours(problem):
            raise
        console.error(str(problem))
        raise SystemExit(2) from None


def _is_ours(problem: ValueError) -> bool:
    return type(problem).__module__.partition(".")[0] == "seesaw"
