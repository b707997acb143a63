"""Bars of what is being trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seesaw.console.terminal import duration, messages
from seesaw.suite.records.record import Spec

if TYPE_CHECKING:  # these import torch, which listing commands can do without
    from seesaw.suite.plan.plan import Plan
    from seesaw.suite.run.bench import Outcome
    from seesaw.suite.run.train import Progress as Training


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[status]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=messages,
    )


class BenchProgress:
    """Progress of the runs of one call: a bar per run with loss, examples/s and time left."""

    def __init__(self, total: int) -> None:
        self.total, self.count = total, 0
        self.bars = _bars()

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    def started(self, plan: Plan) -> Callable[[Training], None]:
        """Add a bar for `plan`; the function returned moves it."""
        recipe = plan.workload.track.recipe
        name = f"[{self.count + 1}/{self.total}] {spec_name(plan.spec)}".replace("[", r"\[")
        bar = self.bars.add_task(name, total=recipe.steps, status="preparing")

        def moved(training: Training) -> None:
            rate = training.per_second(training.examples)
            status = f"loss {training.loss:.3f} · {rate:.0f} examples/s"
            if training.to_score:
                status = f"loss {training.loss:.3f} · scored {training.scored}/{training.to_score}"
            elif training.steps == recipe.steps:
                status += " · scoring"
            self.bars.update(bar, completed=training.steps, status=status)

        return moved

    def ended(self, outcome: Outcome) -> None:
        """Say how a run ended."""
        self.count += 1
        record = outcome.record
        what = f"[{self.count}/{self.total}] {spec_name(record.spec)}: "
        if not outcome.fresh:
            what += "done already"
        elif record.status == "ok" and record.cost is not None:
            what += f"ok in {duration(record.cost.total_s)}"
        else:
            what += f"{record.status}: {(record.error or '').strip().splitlines()[-1]}"
        if outcome.twin:
            what += f"; it {outcome.twin}"
        messages.print(what, markup=False)


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


def spec_name(spec: Spec) -> str:
    """Track, method and seed of a run."""
    return f"{spec.track} {spec.variant} seed {spec.seed}"
