"""Check the records of a store: each against its track, and all against each other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from seesaw.suite.audit.cache import Verdict, Verdicts, key
from seesaw.suite.audit.calibration import calibration_problems
from seesaw.suite.audit.crosswise import Known, of_commits, of_outcomes
from seesaw.suite.audit.sources import Sources
from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Scan, Store, StoreError
from seesaw.tasks.catalogue import TrackError, UnknownTrack
from seesaw.tasks.task import DataError, WeightsError

if TYPE_CHECKING:  # torch comes in with the first record that has no verdict yet
    from seesaw.suite.audit.reference import References


JUDGED = ("ok", "diverged", "refused")
"""How runs end that would end so again; another failure says nothing of a method."""


@dataclass
class Audit:
    """What was found in a store.

    `problems` are by the path of every record that was looked at, none for one that is as it says;
    `notes`, what could not be checked, with the paths it is true of; `known`, all that was read.
    """

    scan: Scan
    problems: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    known: list[Known] = field(default_factory=list)

    @property
    def accepted(self) -> list[Record]:
        """The records without a problem."""
        return [r for r in self.scan.records if self.problems.get(r.path) == []]

    @property
    def calibrations(self) -> list[Calibration]:
        """The calibrations without a problem."""
        return [c for c in self.scan.calibrations if self.problems.get(c.path) == []]

    @property
    def checked(self) -> dict[str, list[str]]:
        """`problems`, and damaged files with their reason."""
        return self.problems | {path: [reason] for path, reason in self.scan.damaged.items()}

    @property
    def refused(self) -> dict[str, str]:
        """The reason by path for all that is left out, damaged files included."""
        return {path: "; ".join(own) for path, own in self.checked.items() if own}


def audit(
    store: Store,
    sources: Sources,
    chosen: Callable[[Record], bool] = lambda record: True,
    beside: Iterable[Known] = (),
) -> Audit:
    """Look at the `chosen` records of a store, each of them once per state of record and code.

    Calibrations are looked at in any case.

    Args:
        store: every record of it is read, for none may have the outcomes of another.
        sources: what records are checked against.
        chosen: the records that are asked for.
        beside: records of another store whose outcomes none may have either.
    """
    found, judge = Audit(store.scan()), _Judge(store, sources)
    for record in sorted(found.scan.records, key=lambda record: record.path):
        verdict = Verdict()
        if chosen(record):
            verdict = judge.verdict(record, found.scan.sha256[record.path])
            found.problems[record.path] = list(verdict.problems)
            for note in verdict.notes:
                found.notes[note].append(record.path)
        found.known.append((record, verdict.fingerprint))
    judge.verdicts.save()
    for calibration in found.scan.calibrations:
        found.problems[calibration.path] = calibration_problems(calibration, found.scan.records)
    for path, said in of_commits(found.scan.records) + of_outcomes([*found.known, *beside]):
        if path in found.problems:
            found.problems[path].append(said)
    return found


def audit_named(store: Store, sources: Sources, names: Collection[str]) -> Audit:
    """`audit` of the records in files of these `names`, without suffix; of all if there is none.

    A name that no file has is a problem of its own.

    Raises:
        StoreError: there is no store.
    """
    if not store.exists:
        raise StoreError(f"there is no store at {store.address}")
    if not names:
        return audit(store, sources)
    found = audit(store, sources, lambda record: record.path.rpartition("/")[2] in names)
    found.problems = {
        path: own for path, own in found.problems.items() if path.rpartition("/")[2] in names
    }
    damaged = found.scan.damaged
    named = {path: PurePosixPath(path).stem for path in damaged}
    found.scan.damaged = {path: damaged[path] for path, stem in named.items() if stem in names}
    known = {path.rpartition("/")[2] for path in found.problems} | set(named.values())
    for name in sorted(set(names) - known):
        found.problems[name] = [f"no such record in {store.address}"]
    return found


class _Judge:
    """Verdicts on the records of a store, kept or found now."""

    def __init__(self, store: Store, sources: Sources) -> None:
        self.store, self.sources, self.verdicts = store, sources, Verdicts()
        self._contexts: dict[tuple[str, ...], str] = {}

    @cached_property
    def references(self) -> References:
        from seesaw.suite.audit.reference import References

        return References(self.sources)

    def verdict(self, record: Record, sha256: str) -> Verdict:
        if record.status not in JUDGED:
            return Verdict([f"status is {record.status}, not ok"])
        try:
            outcomes = self.store.outcomes(record) if record.status == "ok" else b""
            name = key(sha256, self._context(record))
        except (StoreError, UnknownTrack, TrackError, WeightsError, DataError) as error:
            return Verdict([str(error)])
        if (kept := self.verdicts.get(name)) is not None:
            return kept
        from seesaw.suite.audit.verify import verify

        fresh = verify(record, outcomes, self.references)
        self.verdicts.put(name, fresh)
        return fresh

    def _context(self, record: Record) -> str:
        """What a verdict depends on beside record, outcomes and code."""
        name = (record.spec.track, *record.spec.tasks)
        if name not in self._contexts:
            track = self.sources.track_of(record)
            parts = [track.model_dump_json()]
            if self.sources.weights or track.backbone.sha256 is None:
                from seesaw.tasks.backbones.files import sha256
                from seesaw.tasks.backbones.locate import locate

                parts.append(sha256(locate(track.backbone, self.sources.weights or None)))
            if self.sources.data and track.tier != "embedded":
                family = self.references.of(record).family
                parts.append(json.dumps(dict(family.sha256) if family else {}))
            self._contexts[name] = key(*parts)
        return self._contexts[name]
