"""What the command line prints: tables for people, JSON for programs, progress while it works."""

from __future__ import annotations

from suite.show.comparisons import LAYOUTS, budgets, memory, speed
from suite.show.listings import methods, tracks
from suite.show.progress import BenchProgress, Steps
from suite.show.runs import (
    bench_summary,
    checked,
    data_checked,
    dry_run,
    harness,
    published,
    verified,
    written,
)
from suite.show.terminal import error, line

__all__ = [
    "LAYOUTS",
    "BenchProgress",
    "Steps",
    "bench_summary",
    "budgets",
    "checked",
    "data_checked",
    "dry_run",
    "error",
    "harness",
    "line",
    "memory",
    "methods",
    "published",
    "speed",
    "tracks",
    "verified",
    "written",
]
