"""Runs followed by experiment trackers, where somebody asks for it; nothing is sent otherwise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from statistics import mean
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker

from seesaw.suite.plan.job import Job
from seesaw.suite.plan.request import RequestError
from seesaw.suite.records.record import Record
from seesaw.suite.run.state import Progress

PROJECT = "seesaw"


def check_trackers(names: Sequence[str]) -> tuple[str, ...]:
    """The names as they are, if accelerate knows them and their packages are installed.

    Raises:
        RequestError: one is unknown, or its package is not there.
    """
    for name in names:
        if name not in LOGGER_TYPE_TO_CLASS:
            known = ", ".join(sorted(LOGGER_TYPE_TO_CLASS))
            raise RequestError(f"unknown tracker {name!r}; accelerate has: {known}")
        if find_spec(name) is None:
            raise RequestError(f"tracker {name}: the package {name} is not installed")
    return tuple(names)


class Followed:
    """One run as its trackers see it."""

    def __init__(self, job: Job, names: Sequence[str]) -> None:
        self.trackers = [_start(job, name) for name in names]
        self.told = 0

    def step(self, progress: Progress) -> None:
        """Tell of a training step, once."""
        if progress.steps == self.told:
            return
        self.told = progress.steps
        values = {
            "loss": progress.loss,
            "auxiliary_loss": progress.auxiliary,
            "learning_rate": progress.learning_rate,
        }
        self._log(values, progress.steps)

    def ended(self, record: Record) -> None:
        """Tell of the scores on dev and of how the gates were used, averaged over places."""
        values = {f"dev/{name}": task.shown(task.dev) for name, task in record.tasks.items()}
        if record.routing:
            places = record.routing.values()
            values["routing/entropy"] = mean(place.entropy for place in places)
            values["routing/dead"] = mean(place.dead for place in places)
        self._log(values, record.steps)

    def _log(self, values: dict[str, float], step: int) -> None:
        for tracker in tuple(self.trackers):
            try:
                tracker.log(values, step=step)
            except Exception as error:  # whatever a service raises: the run is worth more
                self.trackers.remove(tracker)
                warnings.warn(f"tracker {tracker.name} fails, and is left: {error}", stacklevel=2)


@contextmanager
def followed(job: Job, names: Sequence[str]) -> Iterator[Followed]:
    """Open the trackers of a run, and close them whatever becomes of it."""
    found = Followed(job, names)
    try:
        yield found
    finally:
        for tracker in found.trackers:
            tracker.finish()


def _start(job: Job, name: str) -> GeneralTracker:
    kind: Any = LOGGER_TYPE_TO_CLASS[name]
    run = f"{job.spec.folder}/{job.spec.prefix}"
    if name in ("wandb", "trackio"):
        tracker = kind(PROJECT, name=run)
    elif name == "mlflow":
        tracker = kind(PROJECT, run_name=run)
    elif kind.requires_logging_directory:
        tracker = kind(run, logging_dir="tracked")
    else:
        tracker = kind(run)
    if hasattr(tracker, "start"):
        tracker.start()
    spec = job.spec
    tracker.store_init_configuration(
        {"track": spec.track, "method": spec.variant, "budget": spec.budget, "seed": spec.seed}
    )
    started: GeneralTracker = tracker
    return started
