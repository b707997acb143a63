"""Copy verified records from one store to the published one."""

from __future__ import annotations

from seesaw.suite.audit.audit import JUDGED, Audit, audit
from seesaw.suite.audit.calibration import calibration_problems, unfit
from seesaw.suite.audit.sources import Sources
from seesaw.suite.records.calibration import Calibration, newest
from seesaw.suite.records.record import Record
from seesaw.suite.records.speed import SpeedRecord
from seesaw.suite.records.store import PICTURE, Scan, Store

DIRTY = "made from a tree that is not a clean commit"


def publish(
    runs: Store, published: Store, sources: Sources, again: bool = False
) -> tuple[list[Record | SpeedRecord | Calibration], dict[str, str]]:
    """Copy every record that verifies, comes from a clean commit and is not there yet.

    A run that diverged is one too, or one that does not fit its budget, since it would again.
    Others that failed say nothing of a method.

    With `again`, runs whose outcomes differ from their published twin's, as after a change of the
    code, are copied too, as new attempts. The newest calibration goes with its runs.

    Returns:
        The records copied, and the reason by path for those that were not.
    """
    there = audit(published, sources)
    twins = _newest(there.scan)
    own = audit(runs, sources, lambda r: _unfit(r, twins, again) is None, there.known)
    reasons = {record.path: _unfit(record, twins, again) for record in own.scan.records}
    refused = {path: reason for path, reason in reasons.items() if reason}
    copied = [
        published.add(record, _evidence(record, runs, sources))
        for record in sorted(own.accepted, key=lambda record: record.path)
    ]
    timed = _copy_speed(own.scan, there.scan, published)
    kept = _copy_calibrations(own, there.scan, published)
    left = refused | own.refused | timed[1] | kept[1]
    return [*copied, *timed[0], *kept[0]], dict(sorted(left.items()))


def _unfit(record: Record, twins: dict[str, Record], again: bool) -> str | None:
    """Why a record need not be looked at any closer; None if it must be."""
    if record.status not in JUDGED:
        return f"status is {record.status}"
    twin = twins.get(record.id)
    if twin and not (again and twin.outcomes_sha256 != record.outcomes_sha256):
        return "its twin is published already"
    if record.provenance.dirty is not False:
        return DIRTY
    return None


def _newest(scan: Scan) -> dict[str, Record]:
    """The newest attempt at every spec, by id."""
    ended = (record for record in scan.records if record.status in JUDGED)
    return {record.id: record for record in sorted(ended, key=lambda record: record.attempt)}


def _copy_speed(
    own: Scan, there: Scan, published: Store
) -> tuple[list[SpeedRecord], dict[str, str]]:
    """Copy what is not there yet; that, and why not the rest."""
    known = {(record.folder, record.provenance.started) for record in there.speed}
    copied, refused = [], {}
    for record in own.speed:
        if (record.folder, record.provenance.started) in known:
            refused[record.path] = "it is published already"
        elif record.provenance.dirty is not False:
            refused[record.path] = DIRTY
        else:
            copied.append(published.add(record))
    return copied, refused


def _copy_calibrations(
    own: Audit, there: Scan, published: Store
) -> tuple[list[Calibration], dict[str, str]]:
    """Copy the newest calibration of each track that is as it says; those, and why not the rest."""
    copied, refused = [], {}
    for calibration in newest(own.calibrations):
        problems = calibration_problems(calibration, there.records)
        if reason := unfit(calibration, there.calibrations) or "; ".join(problems):
            refused[calibration.path] = reason
            continue
        attempt = published.next_attempt(calibration)
        copied.append(published.add(calibration.model_copy(update={"attempt": attempt})))
    return copied, refused


def _evidence(record: Record, runs: Store, sources: Sources) -> dict[str, bytes]:
    """What may be published beside a record: pictures of other people's images may not."""
    if record.status != "ok":
        return {}
    files = runs.evidence(record)
    if sources.track_of(record).tier != "embedded":
        files.pop(PICTURE, None)
    return files
