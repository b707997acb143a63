"""Numbers over seeds and tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

MARGIN, TASK_MARGIN = 0.5, 1.0
"""Points (or percent of Δm) within which entries are equivalent: overall, and on one task."""


def delta_m(
    scores: Mapping[str, float], reference: Mapping[str, float], lower: Mapping[str, bool]
) -> float | None:
    """Δm in percent: the mean over tasks of the relative gain over a reference.

    Args:
        scores: by task.
        reference: of the same tasks.
        lower: whether less is better, by task.

    Returns:
        None where the reference of a task is 0, to which nothing is relative.
    """
    if not all(reference.values()):
        return None
    gains = [(scores[t] - b) / b * (-1 if lower[t] else 1) for t, b in reference.items()]
    return 100 * mean(gains)


@dataclass(frozen=True)
class Summary:
    """Mean over seeds and sample standard deviation; None with one seed."""

    mean: float
    sd: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Summary of at least one value."""
        return cls(mean(values), stdev(values) if len(values) > 1 else None)

    def __str__(self) -> str:
        return f"{self.mean:.1f}" if self.sd is None else f"{self.mean:.1f} ± {self.sd:.1f}"
