"""Trials as jobs, and the settings that come out best of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.space import Space
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned, played_on
from seesaw.suite.records.tuning import Choice, choose
from seesaw.suite.run.bench import Outcome
from seesaw.tasks.track import Track

REFERENCE = MethodRequest("lora", {})
"""Whose trial with the track's own settings all scores are relative to."""
SEED = 0
"""Of every trial."""


class TuningError(ValueError):
    """Trials that no choice can be made from; the message says why."""


@dataclass(frozen=True)
class Trials:
    """The trials of one track: LoRA with the track's own settings, and those of every request."""

    reference: Job | Refused
    requests: Mapping[MethodRequest, Sequence[Job | Refused]]

    @property
    def jobs(self) -> list[Job | Refused]:
        """All of them, the reference first."""
        return [self.reference, *chain.from_iterable(self.requests.values())]

    def choices(self, outcomes: Iterator[Outcome]) -> dict[MethodRequest, Choice]:
        """What tuning came to, by request.

        Args:
            outcomes: of `jobs`, in their order; no more are taken.

        Raises:
            TuningError: LoRA with the track's own settings failed, or all trials of a request did.
        """
        own, found = next(outcomes), {}
        each = {asked: list(islice(outcomes, len(jobs))) for asked, jobs in self.requests.items()}
        if own.record is None or own.record.status != "ok":
            raise TuningError(f"LoRA with the track's own settings ended {own.status}: {own.error}")
        for request, ended in each.items():
            choice = choose([o.record for o in ended if o.record is not None], own.record)
            if choice is None:
                reasons = {(o.error or o.status).strip().splitlines()[-1] for o in ended}
                said = "; ".join(sorted(reasons))
                raise TuningError(f"no trial of {request.label} ended well: {said}")
            found[request] = choice
        return found


def trials(workload: Workload, requests: Sequence[MethodRequest], budget: Budget) -> Trials:
    """The trials of every request on one track.

    Raises:
        RequestError: the track does not say how it is tuned, or a method refuses an option.
    """
    space = Space(workload.track)

    def job(request: MethodRequest, tuned: Tuned) -> Job | Refused:
        (own,) = make_jobs(space.at(workload, tuned), [request], budget, [SEED], tuned)
        return own

    found = {request: [job(request, own) for own in space.points(request)] for request in requests}
    return Trials(job(REFERENCE, space.default()), found)


def strangers(records: Iterable[Record], track: Track) -> list[Record]:
    """Trials on a track that are of another search space than it has now."""
    slug, space = track.slug, Space(track).id
    return [
        record
        for record in records
        if played_on(record.spec.track) == slug
        and record.spec.tuned is not None
        and record.spec.is_trial
        and record.spec.tuned.space != space
    ]


def tuned_jobs(
    workload: Workload,
    chosen: Mapping[MethodRequest, Choice],
    budget: Budget,
    seeds: Sequence[int],
) -> list[Job | Refused]:
    """The runs of entries at their best settings."""
    space = Space(workload.track)
    return [
        job
        for request, choice in chosen.items()
        for job in make_jobs(space.at(workload, choice.best), [request], budget, seeds, choice.best)
    ]
