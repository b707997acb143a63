"""Do the runs of a request that are not done yet, and say what came of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seesaw.suite.plan.refused import Refused
from seesaw.suite.records.provenance import method_source, provenance
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store, StoreError
from seesaw.suite.run.reproduction import made_elsewhere, outdated, reproduction

if TYPE_CHECKING:  # torch comes in only when something is run
    from seesaw.suite.plan.job import Job
    from seesaw.suite.run.execute import Result
    from seesaw.suite.run.state import Progress


@dataclass(frozen=True)
class Outcome:
    """What became of one run of a request.

    `record` is its newest record, None where it could not be planned, and then `error` says why;
    `fresh` says whether it was made just now, `twin` what became of its published twin, and `note`
    what else a user must know.
    """

    track: str
    method: str
    seed: int
    record: Record | None
    fresh: bool = False
    twin: str | None = None
    note: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, record: Record, fresh: bool, published: Store, note: str | None = None) -> Outcome:
        """Of a record that is there."""
        spec = record.spec
        twin = reproduction(record, published)
        named = (spec.track, spec.variant, spec.seed)
        return cls(*named, record, fresh, twin, note, record.error)

    @property
    def status(self) -> str:
        """The record's, `failed` without one."""
        return self.record.status if self.record else "failed"


@dataclass(frozen=True)
class Watcher:
    """Who is told how a request goes on."""

    started: Callable[[Job], Callable[[Progress], None]]
    ended: Callable[[Outcome], None]


def bench(
    jobs: Sequence[Job | Refused],
    runs: Store,
    published: Store,
    force: bool,
    watcher: Watcher,
) -> list[Outcome]:
    """Run every job that is not done in `runs` (all of them with `force`), in order.

    Every run is stored before the next begins, so whatever ends this call loses at most one run.

    Args:
        jobs: what is asked for, and what of it cannot be planned.
        runs: where this machine writes.
        published: where twins are looked for.
        force: run again what ended `ok`.
        watcher: told of every run's progress and outcome.

    Raises:
        StoreError: `runs` cannot be written to; nothing was run then.
    """
    for job in jobs:
        if not isinstance(job, Refused):
            runs.probe(job.spec)
    outcomes = []
    for job in jobs:
        if isinstance(job, Refused):
            outcome = Outcome(job.track, job.method, job.seed, None, error=job.reason)
        else:
            outcome = _outcome(job, runs, published, force, watcher)
        watcher.ended(outcome)
        outcomes.append(outcome)
    return outcomes


def _outcome(job: Job, runs: Store, published: Store, force: bool, watcher: Watcher) -> Outcome:
    from seesaw.suite.run.execute import execute

    done = None if force else runs.finished(job.spec)
    again = None
    if done is not None:
        now = provenance(method_source(job.method))
        assert now.method is not None
        again = outdated(done, now.method, now.threads)
        if again is None:
            note = made_elsewhere(done, now.git_commit, now.packages)
            return Outcome.of(done, False, published, note)
    note = f"run again: {again}" if again else None
    result = execute(job, runs.next_attempt(job.spec), watcher.started(job))
    return _kept(result, runs, published, note)


def _kept(result: Result, runs: Store, published: Store, note: str | None) -> Outcome:
    """Store a result; where that fails it goes to a folder of its own, and the next run begins."""
    try:
        record = runs.add(result.record, result.files)
    except (OSError, StoreError) as error:
        folder = tempfile.mkdtemp(prefix="seesaw-unsaved-")
        record = Store(folder).add(result.record, result.files)
        spec, kept = record.spec, f"{folder}/{record.path}.json"
        return Outcome(
            spec.track,
            spec.variant,
            spec.seed,
            None,
            error=f"{error}; what came out ({record.status}) is kept in {kept}",
        )
    return Outcome.of(record, True, published, note)
