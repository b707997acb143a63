"""From the runs of a calibration, done or not, to its record."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seesaw.suite.calibration.items import RESAMPLES, item_covariance
from seesaw.suite.calibration.plan import Plan
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.calibration import (
    Calibration,
    CalibrationRun,
    CalibrationTask,
    Condition,
)
from seesaw.suite.records.provenance import method_source, provenance
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.run.bench import Launcher, Outcome, Watcher, bench
from seesaw.tasks.families.family import family_class


class CalibrationError(ValueError):
    """Runs that nothing can be computed from; the message says which are missing."""


def run(
    planned: Plan,
    only: Sequence[Condition],
    runs: Store,
    published: Store,
    watcher: Watcher,
    launch: Launcher,
) -> dict[Condition, list[Outcome]]:
    """Do the runs of the conditions `only`, and look for the others among those done before.

    Returns:
        What became of every run that there is, by condition.
    """
    asked = [job for condition in planned if condition in only for job in planned[condition]]
    done = iter(bench(asked, runs, published, False, watcher, launch))
    found: dict[Condition, list[Outcome]] = {}
    for condition, jobs in planned.items():
        if condition in only:
            found[condition] = list(islice(done, len(jobs)))
            continue
        specs = [job.spec for job in jobs if not isinstance(job, Refused)]
        known = [record for spec in specs if (record := runs.finished(spec))]
        found[condition] = [Outcome.of(record, False, published) for record in known]
    return found


def is_whole(planned: Plan, found: Mapping[Condition, Sequence[Outcome]]) -> bool:
    """Whether every run has come to an end, good or bad."""
    return all(len(found[condition]) == len(jobs) for condition, jobs in planned.items())


def calibration(
    workload: Workload,
    routed: MethodRequest,
    found: Mapping[Condition, Sequence[Outcome]],
    runs: Store,
) -> Calibration:
    """The record of what the runs came to.

    Raises:
        CalibrationError: fewer than two runs of LoRA ended well.
        StoreError: the outcomes of one are not there.
    """
    lora = [o.record for o in found["lora"] if o.record is not None and o.status == "ok"]
    if len(lora) < 2:
        raise CalibrationError(
            f"{len(lora)} of {len(found['lora'])} runs of lora on {workload.slug} ended well; a "
            f"calibration needs 2 or more{_reasons(found['lora'])}"
        )
    budget = workload.track.budgets.default
    covariance = np.mean([_item_covariance(workload, record, runs) for record in lora], axis=0)
    return Calibration(
        track=workload.slug,
        budget=budget,
        method=routed.name,
        options=routed.options,
        tasks={
            name: CalibrationTask(
                n=task.n,
                primary=task.primary,
                unit=task.unit,
                lower_is_better=task.lower_is_better,
                constant=task.shown(task.constant),
            )
            for name, task in lora[0].tasks.items()
        },
        runs=[_entry(condition, outcome) for condition, own in found.items() for outcome in own],
        item_covariance=covariance.round(6).tolist(),
        resamples=RESAMPLES,
        provenance=provenance(method_source(routed.config_class)),
    )


def _item_covariance(workload: Workload, record: Record, runs: Store) -> NDArray[np.float64]:
    outcomes = pd.read_parquet(io.BytesIO(runs.outcomes(record)))
    return item_covariance(outcomes, record.tasks, family_class(workload.track).scorer)


def _entry(condition: Condition, outcome: Outcome) -> CalibrationRun:
    record, spec = outcome.record, outcome.record.spec if outcome.record else None
    ok = record is not None and record.status == "ok"
    return CalibrationRun(
        condition=condition,
        method=spec.method if spec else outcome.method.partition("+")[0],
        seed=outcome.seed,
        id=record.id if record else None,
        status=record.status if record else "failed",
        error=None if ok else _last_line(outcome.error),
        scores=record.scores() if record is not None and ok else {},
        git_commit=record.provenance.git_commit if record else None,
        dirty=record.provenance.dirty if record else None,
    )


def _last_line(text: str | None) -> str:
    return ((text or "").strip().splitlines() or ["no reason was given"])[-1]


def _reasons(outcomes: Sequence[Outcome]) -> str:
    def each() -> Iterator[str]:
        for outcome in outcomes:
            if outcome.status != "ok":
                yield f"; seed {outcome.seed} {outcome.status}: {_last_line(outcome.error)}"

    return "".join(each())
