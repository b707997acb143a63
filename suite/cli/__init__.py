"""The command line `seesaw`: arguments in, tables or JSON out. The work is done elsewhere."""

from __future__ import annotations

from suite import show
from suite.cli import comparisons, images, language, listings, runs
from suite.cli.app import app

__all__ = ["app", "comparisons", "images", "language", "listings", "main", "runs"]


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
