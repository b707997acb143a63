"""Copy verified records from one store to the published one."""

from __future__ import annotations

from seesaw.suite.audit.verify import verify
from seesaw.suite.records.record import Record, track_of
from seesaw.suite.records.store import PICTURE, Store
from seesaw.tasks.track import get_track


def publish(
    runs: Store, published: Store, again: bool = False
) -> tuple[list[Record], dict[str, str]]:
    """Copy every `ok` record that verifies, comes from a clean commit and is not there yet.

    With `again`, runs whose outcomes differ from their published twin's, as after a change of the
    code, are copied too, as new attempts.

    Returns:
        The records copied, and the reason by path for those that were not.
    """
    copied, refused = [], {}
    scan = runs.scan()
    for record in sorted(scan.records, key=lambda record: record.path):
        if record.status != "ok":
            refused[record.path] = f"status is {record.status}"
        elif _known(record, published, again):
            refused[record.path] = "its twin is published already"
        elif record.provenance.dirty is not False:
            refused[record.path] = "made from a tree that is not a clean commit"
        elif problems := verify(record, runs):
            refused[record.path] = "; ".join(problems)
        else:
            copied.append(published.add(record, _evidence(record, runs)))
    there = {(record.folder, record.provenance.started) for record in published.scan().speed}
    for speed in scan.speed:
        known = (speed.folder, speed.provenance.started) in there
        if speed.provenance.dirty is False and not known:
            published.add(speed)
    return copied, refused | scan.damaged


def _evidence(record: Record, runs: Store) -> dict[str, bytes]:
    """What may be published beside a record: pictures of other people's images may not."""
    files = runs.evidence(record)
    if get_track(track_of(record.spec.track)).tier != "embedded":
        files.pop(PICTURE, None)
    return files


def _known(record: Record, published: Store, again: bool) -> bool:
    twin = published.finished(record.spec)
    return twin is not None and not (again and twin.outcomes_sha256 != record.outcomes_sha256)
