"""What a calibration says of a track: how noisy it is, and which differences it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

from seesaw.reports.board import SEEDS_FOR_RANKS
from seesaw.reports.intervals import Interval
from seesaw.reports.power import detectable
from seesaw.reports.quantity import Quantity
from seesaw.reports.statistics import Summary, delta_m
from seesaw.suite.records.calibration import (
    SENSITIVITIES,
    Calibration,
    CalibrationRun,
    Condition,
)

PERFECT = 100.0
"""The best score in points; of an error it is 0."""


@dataclass(frozen=True)
class Row:
    """One task, or all of them together; distances are positive between constant and ceiling.

    `n`, `constant` and what follows from it are None where they mean nothing, `routed`,
    `paired_sd` and `detectable` where fewer than two pairs of runs ended well.
    """

    name: str
    metric: str
    unit: str
    n: int | None
    lora: Summary
    routed: Summary | None
    constant: float | None
    ceiling: float | None
    from_constant: float | None
    from_ceiling: float | None
    item_sd: float
    paired_sd: float | None
    detectable: float | None


@dataclass(frozen=True)
class Sensitivity:
    """A difference that is known to be there: gains of the worse over the better, by seed.

    A gain below 0 is a loss, whichever way a metric goes.
    """

    name: str
    average: Interval | None
    tasks: Mapping[str, Interval | None]

    @property
    def seen(self) -> bool:
        """Whether the interval of the average lies on the right side of 0."""
        return self.average is not None and self.average.high < 0


class Calibrated:
    """All that is computed from one calibration."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        lora = calibration.of("lora").values()
        self.means = {name: mean(run.scores[name] for run in lora) for name in calibration.tasks}
        self.has_average = all(task.unit == "points" for task in calibration.tasks.values())

    @property
    def left_out(self) -> list[CalibrationRun]:
        """Runs that did not end well, and are part of no number."""
        return [run for run in self.calibration.runs if run.status != "ok"]

    @property
    def rows(self) -> list[Row]:
        """One for each task."""
        return [self._task(index, name) for index, name in enumerate(self.calibration.tasks)]

    @cached_property
    def average(self) -> Row:
        """The mean over tasks; Δm to LoRA itself where not all tasks are in points."""
        tasks, lora, sd = self.calibration.tasks.values(), self._summary("lora"), self._paired_sd()
        constant = mean(task.constant for task in tasks) if self.has_average else None
        assert lora is not None
        return Row(
            name="average" if self.has_average else "Δm",
            metric="",
            unit="points" if self.has_average else "%",
            n=None,
            lora=lora,
            routed=self._summary("routed"),
            constant=constant,
            ceiling=PERFECT if self.has_average else None,
            from_constant=None if constant is None else lora.mean - constant,
            from_ceiling=PERFECT - lora.mean if self.has_average else None,
            item_sd=self._overall_item_sd(),
            paired_sd=sd,
            detectable=None if sd is None else detectable(sd, SEEDS_FOR_RANKS),
        )

    def _task(self, index: int, name: str) -> Row:
        task = self.calibration.tasks[name]
        lora, sd = self._summary("lora", name), self._paired_sd(name)
        assert lora is not None
        sign, best = (-1, 0.0) if task.lower_is_better else (1, PERFECT)
        return Row(
            name=name,
            metric=task.primary + (" ↓" if task.lower_is_better else ""),
            unit=task.unit,
            n=task.n,
            lora=lora,
            routed=self._summary("routed", name),
            constant=task.constant,
            ceiling=best,
            from_constant=sign * (self.means[name] - task.constant),
            from_ceiling=sign * (best - self.means[name]),
            item_sd=max(0.0, self.calibration.item_covariance[index][index]) ** 0.5,
            paired_sd=sd,
            detectable=None if sd is None else detectable(sd, SEEDS_FOR_RANKS),
        )

    @property
    def sensitivities(self) -> list[Sensitivity]:
        """Those that runs were planned for."""
        there = {run.condition for run in self.calibration.runs}
        return [
            Sensitivity(
                name,
                Interval.of(self.gains(worse, better)),
                {task: Interval.of(self.gains(worse, better, task)) for task in self.means},
            )
            for name, (worse, better) in SENSITIVITIES.items()
            if worse in there
        ]

    def gains(self, condition: Condition, over: Condition, task: str | None = None) -> Quantity:
        """Gains of one condition over another by seed, of all tasks together or of one."""
        own, other = self.calibration.of(condition), self.calibration.of(over)
        pairs = {s: (own[s].scores, other[s].scores) for s in own if s in other}
        if task is None:
            return Quantity({s: self._overall(a) - self._overall(b) for s, (a, b) in pairs.items()})
        sign = -1 if self.calibration.tasks[task].lower_is_better else 1
        return Quantity({s: sign * (a[task] - b[task]) for s, (a, b) in pairs.items()})

    def _summary(self, condition: Condition, task: str | None = None) -> Summary | None:
        """Of scores over seeds, None without a run; of one task, or of all together."""
        found = [run.scores for run in self.calibration.of(condition).values()]
        values = [scores[task] if task else self._overall(scores) for scores in found]
        return Summary.of(values) if values else None

    def _paired_sd(self, task: str | None = None) -> float | None:
        return self.gains("routed", "lora", task).sd

    def _overall(self, scores: Mapping[str, float]) -> float:
        """Mean over tasks, or Δm to the means of LoRA, tasks with a mean of 0 left out."""
        if self.has_average:
            return mean(scores.values())
        lower = {name: task.lower_is_better for name, task in self.calibration.tasks.items()}
        reference = {name: value for name, value in self.means.items() if value}
        return (delta_m(scores, reference, lower) if reference else None) or 0.0

    def _overall_item_sd(self) -> float:
        """Overall scores are linear in those of tasks, and so is what moves with their items."""
        at, names = self._overall(self.means), list(self.means)
        weights = [self._overall(self.means | {name: self.means[name] + 1}) - at for name in names]
        rows = self.calibration.item_covariance
        terms = (a * b * rows[i][j] for i, a in enumerate(weights) for j, b in enumerate(weights))
        return max(0.0, sum(terms)) ** 0.5
