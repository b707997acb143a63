"""Records out of text: which kind they are, schema versions and migrations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.record import Record
from seesaw.suite.records.speed import SpeedRecord

Stored = Record | SpeedRecord | Calibration
"""What a store keeps as JSON."""
SCHEMA_VERSION = 4
TENTH = "full"
"""The method that trained at a tenth of the rate before records said so."""


def _say_the_factor(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 says the factor of the learning rate, code and weights; the last two are lost."""
    own = {"schema_version": 2}
    if raw.get("kind") == "speed":
        return raw | own
    spec = raw.get("spec")
    method = spec.get("method") if isinstance(spec, dict) else None
    return raw | own | {"learning_rate_factor": 0.1 if method == TENTH else 1.0}


def _say_nothing_was_tuned(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 3 may say at which point of a search space a run was made; before, nothing was."""
    return raw | {"schema_version": 3}


def _say_what_the_budget_counts(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 4 may say that a budget counts what one token uses; before, it counted everything."""
    return raw | {"schema_version": 4}


MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _say_the_factor,
    2: _say_nothing_was_tuned,
    3: _say_what_the_budget_counts,
}
"""From a schema version to the function that lifts a raw record to the next one."""


class RecordError(ValueError):
    """A record that cannot be read; the message says why."""


def parse_record(text: str | bytes) -> Stored:
    """Read a record of this or an older schema, of any kind.

    Raises:
        RecordError: damaged, foreign, or written by a newer schema.
    """
    try:
        raw = json.loads(text)
    except RecursionError:
        raise RecordError("not JSON of a record: nested too deep") from None
    except ValueError as error:
        raise RecordError(f"not JSON: {error}") from None
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version is None:
        raise RecordError("no schema_version: not a record of this suite")
    if type(version) is not int or version < 1:
        raise RecordError(
            f"schema_version is {version!r}; it must be a whole number, {SCHEMA_VERSION} or less"
        )
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"schema version {version} is newer than ours, {SCHEMA_VERSION}; update seesaw"
        )
    while version < SCHEMA_VERSION:
        raw, version = MIGRATIONS[version](raw), version + 1
    try:
        return _validated(raw)
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordError(str(error)) from None


def _validated(raw: dict[str, Any]) -> Stored:
    if raw.get("kind") == "calibration":
        return Calibration.model_validate(raw)
    if raw.get("kind") == "speed":
        return SpeedRecord.model_validate(raw)
    record = Record.model_validate(raw)
    if record.id != record.spec.id:
        raise RecordError(f"id {record.id} is not the hash of its spec, {record.spec.id}")
    return record
