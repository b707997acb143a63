"""Which precision the parts of an update are computed in."""

from __future__ import annotations

import torch
from torch import Tensor


def in_full(x: Tensor) -> Tensor:
    """`x` in float32 at least."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def casts_itself(x: Tensor) -> bool:
    """Whether autocast is on for the device of `x`, and casts where a product wants it."""
    # asked of meta, torch raises; torch.compile of 2.11 cannot trace is_autocast_available
    return not x.is_meta and torch.is_autocast_enabled(x.device.type)
