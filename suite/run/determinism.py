"""What makes two runs of one spec the same: derived seeds, one for each source of randomness."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import Any, Literal

import torch

Axis = Literal["order", "heads", "adapter", "dropout"]


def derive(seed: int, axis: Axis) -> int:
    """A 63-bit seed for one source of randomness; the same for every method."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{axis}".encode()).digest()[:8], "big") >> 1


def pin(threads: int) -> None:
    """Fix what makes two runs of one spec bit-identical on one machine."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


@contextmanager
def seeded(seed: int) -> Any:
    """Torch's global generator at `seed` inside, as before outside."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
