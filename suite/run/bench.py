"""Do the runs of a request that are not done yet, and say what came of each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from seesaw.suite.plan.refused import Refused
from seesaw.suite.records.provenance import method_source, provenance
from seesaw.suite.records.record import Provenance, Record
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
        named = (spec.track, spec.called, spec.seed)
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


@dataclass(frozen=True)
class Pending:
    """A run that is to be done, its place in the request, and what a user must know of why.

    `trackers` follow it; none unless they are asked for.
    """

    number: int
    job: Job
    note: str | None
    trackers: tuple[str, ...] = ()


class Launcher(Protocol):
    """Does runs, one after another or side by side; each is stored as soon as it has ended."""

    def __call__(
        self, pending: Sequence[Pending], runs: Store, published: Store, watcher: Watcher
    ) -> Iterator[tuple[Pending, Outcome]]:
        """Every run with what became of it, in the order in which they end."""


def bench(
    jobs: Sequence[Job | Refused],
    runs: Store,
    published: Store,
    force: bool,
    watcher: Watcher,
    launch: Launcher,
    trackers: tuple[str, ...] = (),
) -> list[Outcome]:
    """Run every job that is not done in `runs` (all of them with `force`), each spec once.

    Every run is stored when it ends, so whatever ends this call loses no more than what is running.

    Args:
        jobs: what is asked for, and what of it cannot be planned.
        runs: where this machine writes.
        published: where twins are looked for.
        force: run again what ended `ok`.
        watcher: told of every run's progress and outcome.
        launch: does what is not done.
        trackers: names of accelerate's, which follow what is run.

    Returns:
        What became of every job, in their order.

    Raises:
        StoreError: `runs` cannot be written to; nothing was run then.
    """
    for job in jobs:
        if not isinstance(job, Refused):
            runs.probe(job.spec)
    here = provenance()
    outcomes: dict[int, Outcome] = {}
    pending: dict[str, Pending] = {}
    for number, job in enumerate(jobs):
        if isinstance(job, Refused):
            outcomes[number] = Outcome(job.track, job.method, job.seed, None, error=job.reason)
            _remember(job, runs, here)
        elif job.spec.id in pending:
            continue  # it is the run of another job, too
        elif isinstance(found := _known(number, job, runs, published, force, here), Pending):
            pending[job.spec.id] = replace(found, trackers=trackers)
            continue
        else:
            outcomes[number] = found
        watcher.ended(outcomes[number])
    ended: dict[str, Outcome] = {}
    for own, outcome in launch(list(pending.values()), runs, published, watcher):
        watcher.ended(outcome)
        ended[own.job.spec.id] = outcome
    return [
        outcomes[number] if isinstance(job, Refused) or number in outcomes else ended[job.spec.id]
        for number, job in enumerate(jobs)
    ]


def _remember(refused: Refused, runs: Store, here: Provenance) -> None:
    """Store once that a method does not fit a budget."""
    if (spec := refused.spec) is None:
        return
    if not any(known.error == refused.reason for known in runs.attempts(spec)):
        runs.add(refused.record(spec, runs.next_attempt(spec), here))


def _known(
    number: int, job: Job, runs: Store, published: Store, force: bool, here: Provenance
) -> Outcome | Pending:
    """What is there of a run already, or the run that is to be done."""
    done = None if force else runs.finished(job.spec)
    if done is None:
        return Pending(number, job, None)
    if again := outdated(done, method_source(job.method), here.threads):
        return Pending(number, job, f"run again: {again}")
    note = made_elsewhere(done, here.git_commit, here.packages)
    return Outcome.of(done, False, published, note)


def run(own: Pending, runs: Store, published: Store, report: Callable[[Progress], None]) -> Outcome:
    """Do one run in this process and store it."""
    from seesaw.suite.run.execute import execute
    from seesaw.suite.run.trackers import followed

    with followed(own.job, own.trackers) as follow:

        def step(progress: Progress) -> None:
            follow.step(progress)
            report(progress)

        result = execute(own.job, runs.next_attempt(own.job.spec), step)
        follow.ended(result.record)
    return keep(result, runs, published, own.note)


def keep(result: Result, runs: Store, published: Store, note: str | None) -> Outcome:
    """Store a result; where that fails it goes to a folder of its own, and the next run begins."""
    try:
        record = runs.add(result.record, result.files)
    except (OSError, StoreError) as error:
        folder = tempfile.mkdtemp(prefix="seesaw-unsaved-")
        record = Store(folder).add(result.record, result.files)
        spec, kept = record.spec, f"{folder}/{record.path}.json"
        return Outcome(
            spec.track,
            spec.called,
            spec.seed,
            None,
            error=f"{error}; what came out ({record.status}) is kept in {kept}",
        )
    return Outcome.of(record, True, published, note)
