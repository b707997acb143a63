"""What the command line prints: tables for people, JSON for programs, progress while it works."""

from __future__ import annotations

from seesaw.console.calibration import calibration
from seesaw.console.claims import Cost, claims
from seesaw.console.comparisons import LAYOUTS, budgets, memory, speed
from seesaw.console.listings import backbones, methods, tracks
from seesaw.console.progress import BenchProgress, Steps
from seesaw.console.runs import (
    bench_summary,
    checked,
    cleaned,
    data_checked,
    dry_run,
    harness,
    published,
    verified,
    written,
)
from seesaw.console.terminal import error, line, remark
from seesaw.console.tuning import choices

__all__ = [
    "LAYOUTS",
    "BenchProgress",
    "Cost",
    "Steps",
    "backbones",
    "bench_summary",
    "budgets",
    "calibration",
    "checked",
    "choices",
    "claims",
    "cleaned",
    "data_checked",
    "dry_run",
    "error",
    "harness",
    "line",
    "memory",
    "methods",
    "published",
    "remark",
    "speed",
    "tracks",
    "verified",
    "written",
]
