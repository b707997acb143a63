"""`conflict`, the option that says how much the tasks of a generated track contradict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seesaw.tasks.task import DataError


def conflict_share(options: Mapping[str, Any]) -> float:
    """The option `conflict`: 0 is none, 1 is every input that two tasks share.

    Raises:
        DataError: it is not a number in [0, 1].
    """
    conflict = options["conflict"]
    number = isinstance(conflict, int | float) and not isinstance(conflict, bool)
    if not number or not 0.0 <= conflict <= 1.0:
        raise DataError(f"conflict is {conflict!r}; it must be in [0, 1]")
    return float(conflict)
