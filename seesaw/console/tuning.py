"""What tuning came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from seesaw.console.terminal import as_text, line, table

if TYPE_CHECKING:  # torch comes in with them
    from seesaw.suite.plan.request import MethodRequest
    from seesaw.suite.plan.workload import Workload
    from seesaw.suite.records.store import Store
    from seesaw.suite.records.tuning import Choice


def choices(
    found: Mapping[Workload, Mapping[MethodRequest, Choice]], runs: Store, as_json: bool
) -> None:
    """The best settings of every entry, a table per track."""
    if as_json:
        as_text(
            [
                {
                    "track": workload.slug,
                    "entry": request.label,
                    "best": choice.best.model_dump(mode="json"),
                    "gains": choice.gains,
                }
                for workload, chosen in found.items()
                for request, choice in chosen.items()
            ]
        )
        return
    columns = ["entry", "best of", "settings", "at the edge", "gain on dev, %", "trials ok"]
    for workload, chosen in found.items():
        title = f"{workload.slug}: gains over LoRA with the track's own settings"
        table(title, columns, [_row(*own) for own in chosen.items()], left=4)
    line(f"Trials are in {runs.address}; `bench --tuned` with the same words makes the runs.")


def _row(request: MethodRequest, choice: Choice) -> list[str]:
    best, known = choice.best, [gain for gain in choice.gains.values() if gain is not None]
    return [
        request.label,
        f"trial {best.number} of {best.trials}",
        ", ".join(f"{name} {value:g}" for name, value in best.values.items()),
        "yes" if best.edge else "",
        f"{100 * max(known):+.2f}",
        f"{len(known)}/{len(choice.gains)}",
    ]
