"""When two numbers are one, and what a score may be."""

from __future__ import annotations

import math

RANGES = {"points": (-1.0, 1.0), "degrees": (0.0, 180.0), "metres": (0.0, math.inf)}
"""Of scores, by their unit."""


def same(stored: float, found: float, tolerance: float = 1e-9) -> bool:
    """Whether two numbers are one; never if one of them is NaN."""
    return math.isclose(stored, found, rel_tol=1e-9, abs_tol=tolerance)
