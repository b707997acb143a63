"""Trials as jobs, and the settings that come out best of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import LEARNING_RATE, MethodRequest
from seesaw.suite.plan.space import Space
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record, Tuned, track_of
from seesaw.suite.run.bench import Outcome
from seesaw.tasks.track import Track

REFERENCE = MethodRequest("lora", {})
"""Whose trial with the track's own settings all scores are relative to."""
SEED = 0
"""Of every trial."""


class TuningError(ValueError):
    """Trials that no choice can be made from; the message says why."""


Trials = Mapping[str, Sequence[Job | Refused]]
"""By the label of the request; that of LoRA's own settings has the label `REFERENCE_LABEL`."""
REFERENCE_LABEL = "reference"


def trials(workload: Workload, requests: Sequence[MethodRequest], budget: int | None) -> Trials:
    """The trials of every request on one track, the reference first.

    Raises:
        RequestError: the track does not say how it is tuned, or a method refuses an option.
    """
    space = Space(workload.track)

    def job(request: MethodRequest, tuned: Tuned) -> list[Job | Refused]:
        return make_jobs(space.at(workload, tuned), [request], budget, [SEED], tuned)

    found: dict[str, list[Job | Refused]] = {REFERENCE_LABEL: job(REFERENCE, space.default())}
    for request in requests:
        points = space.points(request)
        found[request.label] = [own for tuned in points for own in job(request, tuned)]
    return found


def strangers(records: Iterable[Record], track: Track) -> list[Record]:
    """Trials on a track that are of another search space than it has now."""
    slug, space = track.slug, Space(track).id
    return [
        record
        for record in records
        if track_of(record.spec.track) == slug
        and record.spec.tuned is not None
        and record.spec.is_trial
        and record.spec.tuned.space != space
    ]


@dataclass(frozen=True)
class Choice:
    """What tuning came to for one entry: the best point, and every trial's score by number.

    Scores are mean gains over LoRA's own settings, as a share; None of a trial that failed.
    """

    request: MethodRequest
    best: Tuned
    scores: Mapping[int, float | None]


def choices(
    planned: Trials, requests: Sequence[MethodRequest], outcomes: Iterator[Outcome]
) -> list[Choice]:
    """What tuning came to, by request.

    Args:
        planned: all trials of one track.
        requests: they are of.
        outcomes: of the planned trials in their order; no more are taken.

    Raises:
        TuningError: LoRA with the track's own settings failed, or all trials of a request did.
    """
    found = {label: list(islice(outcomes, len(jobs))) for label, jobs in planned.items()}
    (own,) = found[REFERENCE_LABEL]
    if own.record is None or own.record.status != "ok":
        raise TuningError(f"LoRA with the track's own settings ended {own.status}: {own.error}")
    return [_choice(request, found[request.label], own.record) for request in requests]


def _choice(request: MethodRequest, outcomes: Sequence[Outcome], reference: Record) -> Choice:
    tried = {
        o.record.spec.tuned.number: o.record
        for o in outcomes
        if o.record is not None and o.record.spec.tuned is not None
    }
    scores = {n: r.gain_on_dev(reference) if r.status == "ok" else None for n, r in tried.items()}
    known = {number: value for number, value in scores.items() if value is not None}
    if not known:
        reasons = {(o.error or o.status).strip().splitlines()[-1] for o in outcomes}
        raise TuningError(f"no trial of {request.label} ended well: {'; '.join(sorted(reasons))}")
    best = max(known, key=lambda number: (known[number], -number))
    points = {n: r.spec.tuned for n, r in tried.items() if r.spec.tuned is not None}
    rates = [point.values[LEARNING_RATE] for point in points.values()]
    edge = points[best].values[LEARNING_RATE] in (min(rates), max(rates))
    chosen = points[best].model_copy(update={"trial": False, "edge": edge})
    return Choice(request, chosen, scores)


def tuned_jobs(
    workload: Workload, choice: Choice, budget: int | None, seeds: Sequence[int]
) -> list[Job | Refused]:
    """The runs of an entry at its best settings."""
    own = Space(workload.track).at(workload, choice.best)
    return make_jobs(own, [choice.request], budget, seeds, choice.best)
