"""The records of a store as one frame, for a reader's own questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store, StoreError

COLUMNS = (
    *("track", "method", "options", "budget", "budget_kind", "tuned", "seed", "task", "metric"),
    *("unit", "score", "constant", "parameters", "active", "record", "path"),
)


def frame(store: Store) -> pd.DataFrame:
    """One row per run that ended well and task; trials are no runs.

    Raises:
        StoreError: there is no store.
    """
    if not store.exists:
        raise StoreError(f"there are no records at {store.address}")
    ended_well = [record for record in store.scan().records if record.status == "ok"]
    newest = {r.id: r for r in sorted(ended_well, key=lambda r: (r.folder, r.prefix, r.attempt))}
    rows = [row for record in newest.values() for row in _rows(record)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(record: Record) -> Iterator[dict[str, Any]]:
    if record.spec.is_trial or record.parameters is None:
        return
    spec = record.spec
    for name, task in record.tasks.items():
        yield {
            "track": spec.track,
            "method": spec.method,
            "options": " ".join(f"{key}={value}" for key, value in spec.options.items()),
            "budget": spec.budget,
            "budget_kind": spec.budget_kind,
            "tuned": spec.tuned is not None,
            "seed": spec.seed,
            "task": name,
            "metric": task.primary,
            "unit": task.unit,
            "score": task.shown(task.test),
            "constant": task.shown(task.constant),
            "parameters": record.parameters.adapter,
            "active": record.parameters.active,
            "record": record.id,
            "path": record.path,
        }
