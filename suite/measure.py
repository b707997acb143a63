"""Deterministic and one-off measurements: operation counts, peak memory, trainable parameters."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def count_flops(work: Callable[[], Any]) -> int:
    """Multiply-adds times two of every product `work` runs, backward included."""
    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return int(counter.get_total_flops())


class PeakMemory:
    """Peak memory of a `with` block in bytes: allocated on a GPU, resident on a CPU."""

    def __init__(self) -> None:
        self.bytes = 0

    def __enter__(self) -> PeakMemory:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        else:
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM; Linux only
        return self

    def __exit__(self, *_: object) -> None:
        if torch.cuda.is_available():
            self.bytes = torch.cuda.max_memory_allocated()
            return
        status = Path("/proc/self/status")
        if status.exists():
            line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
            self.bytes = int(line.split()[1]) * 1024


def count_trainable(model: nn.Module) -> dict[str, int]:
    """Trainable parameters by what they are: experts, router, task_embedding, head.

    Told by name: a method calls its router's parameters `router...` and its task embedding
    `task_embedding...`; everything else inside the backbone counts as experts.
    """
    counts = {"experts": 0, "router": 0, "task_embedding": 0, "head": 0}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        if parts[0] == "heads":
            kind = "head"
        elif "task_embedding" in parts:
            kind = "task_embedding"
        elif any(part.startswith("router") for part in parts):
            kind = "router"
        else:
            kind = "experts"
        counts[kind] += parameter.numel()
    return counts
