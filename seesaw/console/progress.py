"""Bars of what is being trained."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from seesaw.console.terminal import duration, messages
from seesaw.suite.records.names import printable

if TYPE_CHECKING:  # these import torch, which listing commands can do without
    from seesaw.suite.plan.job import Job
    from seesaw.suite.run.bench import Outcome
    from seesaw.suite.run.state import Progress as Training


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[status]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=messages,
    )


class BenchProgress:
    """Progress of the runs of one call: a bar for all of them, and one for each that is running."""

    def __init__(self, total: int) -> None:
        self.total, self.begun, self.ended_so_far, self.failed = total, 0, 0, 0
        self.bars = _bars()
        self.all = self.bars.add_task("runs", total=total, status="")
        self.running: dict[str, TaskID] = {}
        self.lock = Lock()

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def started(self, job: Job) -> Callable[[Training], None]:
        """Add a bar for `job`; the function returned moves it."""
        spec, steps = job.spec, job.spec.recipe["steps"]
        name = run_name(spec.track, spec.called, spec.seed)
        with self.lock:
            bar = self.bars.add_task(printable(name), total=steps, status="preparing")
            self.running[name] = bar
            self._count()

        def moved(training: Training) -> None:
            rate = training.per_second(training.examples)
            status = f"loss {training.loss:.3f} · {rate:.0f} examples/s"
            if training.to_score:
                status = f"loss {training.loss:.3f} · scored {training.scored}/{training.to_score}"
            elif training.steps == steps:
                status += " · scoring"
            self.bars.update(bar, completed=training.steps, status=status)
            self._count()

        return moved

    def ended(self, outcome: Outcome) -> None:
        """Say how a run ended."""
        name = run_name(outcome.track, outcome.method, outcome.seed)
        with self.lock:
            self.ended_so_far += 1
            self.failed += outcome.status != "ok"
            if name in self.running:
                self.bars.remove_task(self.running.pop(name))
            self._count()
        what = f"[{self.ended_so_far}/{self.total}] {name}: {_how_it_ended(outcome)}"
        if outcome.twin:
            what += f"; it {outcome.twin}"
        if outcome.note:
            what += f" ({outcome.note})"
        messages.print(printable(what), markup=False)

    def _count(self) -> None:
        """A run that is half trained counts as half a run, so that the time left can be told."""
        own = {task.id: task for task in self.bars.tasks}
        shares = [own[bar].percentage / 100 for bar in self.running.values() if bar in own]
        done = f"{self.ended_so_far} done, {len(self.running)} running, {self.failed} failed"
        self.bars.update(self.all, completed=self.ended_so_far + sum(shares), status=done)


def _how_it_ended(outcome: Outcome) -> str:
    record = outcome.record
    if record is not None and record.status == "ok" and record.cost is not None:
        return f"ok in {duration(record.cost.total_s)}" if outcome.fresh else "done already"
    lines = (outcome.error or "").strip().splitlines() or ["no reason was given"]
    return f"{outcome.status}: {lines[-1]}"


class Steps:
    """A bar for one training with its loss."""

    def __init__(self, title: str, total: int) -> None:
        self.bars = _bars()
        self.bar = self.bars.add_task(title, total=total, status="preparing")

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def moved(self, step: int, loss: float, seconds: float) -> None:
        """After `step` steps and `seconds`, the last ones at a mean loss."""
        self.bars.update(self.bar, completed=step, status=f"loss {loss:.3f}")
        if not messages.is_terminal:  # a log shows no bar until it is done
            messages.print(f"step {step}: loss {loss:.3f}, {seconds / step:.3f} s/step")


def run_name(track: str, method: str, seed: int) -> str:
    """What a run is called in messages."""
    return f"{track} {method} seed {seed}"
