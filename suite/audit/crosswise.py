"""What only shows when records are laid side by side: shared outcomes, unknown commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from seesaw.suite.audit.history import unknown_commits
from seesaw.suite.audit.statement import COMMIT
from seesaw.suite.records.record import Record

Known = tuple[Record, str | None]
"""A record and the fingerprint of what its outcomes hold."""


ANY_BUDGET: Mapping[str, Any] = {"budget": 1, "budget_kind": "total"}
"""In the spec of what is the same run under every budget."""


def of_commits(records: Iterable[Record]) -> list[tuple[str, str]]:
    """Paths of records made from commits that nobody knows, with what is to be said."""
    commits = {record.path: record.provenance.git_commit or "" for record in records}
    stated = {commit for commit in commits.values() if COMMIT.fullmatch(commit)}
    unknown = unknown_commits(stated)
    return [
        (path, f"git_commit {commit} is not in the history of this checkout")
        for path, commit in commits.items()
        if commit in unknown
    ]


def of_outcomes(known: Iterable[Known]) -> list[tuple[str, str]]:
    """Paths of records that have the outcomes of another spec, with what is to be said."""
    groups: Mapping[str, list[Record]] = defaultdict(list)
    for record, fingerprint in known:
        for name in {record.outcomes_sha256, fingerprint} - {None}:
            if record.status == "ok":
                groups[str(name)].append(record)
    found: dict[str, str] = {}
    for group in groups.values():
        if len({record.id for record in group}) < 2:
            continue
        specs = {record.path: _what_ran(record) for record in group}
        for path, own in specs.items():
            others = [other for other, spec in specs.items() if spec != own]
            if others:
                found[path] = f"its outcomes are those of {others[0]} too"
    return list(found.items())


def _what_ran(record: Record) -> str:
    """The spec as text, without what makes no difference to its outcomes.

    What has a size of its own is the same run under every budget; methods that route nothing are
    one and the same function where they have equally many parameters, and where nothing is trained
    there is no other seed.
    """
    if record.routes_on == "none":
        counts = record.parameters and record.parameters.model_dump()
        same: dict[str, Any] = {"method": "none", "options": {}, "config": counts}
        same |= {} if record.steps else {"seed": 0}
        return record.spec.model_copy(update={**ANY_BUDGET, **same}).id
    from seesaw.methods import get_method
    from seesaw.methods.registry import UnknownName

    try:
        free = get_method(record.spec.method).fixed_size
    except UnknownName:
        free = False
    return record.spec.model_copy(update=ANY_BUDGET).id if free else record.id
