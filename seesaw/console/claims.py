"""What claims came to, and what they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seesaw.console.terminal import as_text, line, table

if TYPE_CHECKING:
    from seesaw.reports.claims.decide import Decided
    from seesaw.reports.claims.found import Missing

HOUR = 3600


@dataclass(frozen=True)
class Cost:
    """Seconds that missing runs of one entry take, and why they cannot be done, if so."""

    seconds: float
    reason: str


def claims(
    decided: Sequence[Decided], costs: Mapping[Missing, Cost], page: Path, as_json: bool
) -> None:
    """Every claim with its verdict, the runs that it lacks, and their cost."""
    if as_json:
        as_text({"page": str(page), "claims": [_as_json(own, costs) for own in decided]})
        return
    columns = ["claim", "says", "verdict", "missing runs", "hours"]
    table("Claims", columns, [_row(own, costs) for own in decided], left=3)
    for reason, names in _refused(decided, costs).items():
        line(f"cannot be run here, {reason}: {', '.join(names)}")
    hours = sum(cost.seconds for cost in costs.values()) / HOUR
    line(f"In all about {hours:.1f} hours of one run after another, shared ones counted once.")
    line(f"wrote {page}")


def _row(own: Decided, costs: Mapping[Missing, Cost]) -> list[str]:
    runs = sum(len(one.seeds) for one in own.missing)
    hours = sum(costs[one].seconds for one in own.missing) / HOUR
    shown = [str(runs), f"{hours:.1f}"] if runs else ["", ""]
    return [own.claim.id, own.claim.says, own.said, *shown]


def _refused(
    decided: Sequence[Decided], costs: Mapping[Missing, Cost]
) -> Mapping[str, Sequence[str]]:
    """Entries that cannot be run, by the reason."""
    found: dict[str, dict[str, None]] = {}
    for one in (one for own in decided for one in own.missing):
        if reason := costs[one].reason:
            found.setdefault(reason, {})[f"{one.cell.asked} on {one.cell.track}"] = None
    return {reason: list(names) for reason, names in found.items()}


def _as_json(own: Decided, costs: Mapping[Missing, Cost]) -> dict[str, Any]:
    return {
        "id": own.claim.id,
        "verdict": own.said,
        "parts": [part.said for part in own.parts],
        "missing": [
            {
                "entry": one.cell.asked,
                "track": one.cell.track,
                "tasks": one.cell.tasks,
                "budget": one.cell.budget,
                "seeds": one.seeds,
                "tuned": one.tuned,
                "seconds": round(costs[one].seconds),
                "reason": costs[one].reason,
            }
            for one in own.missing
        ],
    }
