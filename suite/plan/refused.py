"""What of a request cannot be planned; free of torch, so that it can be shown without it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refused:
    """A run that cannot even be planned, and why; the others of its request are not held up."""

    track: str
    method: str
    seed: int
    reason: str
