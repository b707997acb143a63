"""One seed, four independent generators: data order, heads, adapter, dropout."""

from __future__ import annotations

import hashlib
from typing import Literal

Axis = Literal["order", "heads", "adapter", "dropout"]


def derive(seed: int, axis: Axis) -> int:
    """A 63-bit seed for one source of randomness; the same for every method."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{axis}".encode()).digest()[:8], "big") >> 1
