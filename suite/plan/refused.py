"""What of a request cannot be planned; free of torch, so that it can be shown without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seesaw.suite.records.record import Provenance, Record
from seesaw.suite.records.spec import Spec


@dataclass(frozen=True)
class Refused:
    """A run that cannot even be planned, and why; the others of its request are not held up.

    `spec`, which has no config, is there where the budget is why, and `says` is what a record says
    of a method beside it.
    """

    track: str
    method: str
    seed: int
    reason: str
    spec: Spec | None = None
    says: Mapping[str, Any] = field(default_factory=dict)

    def record(self, spec: Spec, attempt: int, source: Provenance) -> Record:
        """That it does not fit, to be stored."""
        return Record(
            id=spec.id,
            attempt=attempt,
            spec=spec,
            status="refused",
            error=self.reason,
            provenance=source,
            **self.says,
        )
