"""What a track can tell apart: the runs of one calibration and their scores, in one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from seesaw.suite.records.names import (
    MethodName,
    MetricName,
    OptionName,
    OptionValue,
    TaskName,
    TrackSlug,
)
from seesaw.suite.records.record import Provenance
from seesaw.suite.records.spec import variant
from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import Unit

LORA, HEADS = "lora", "head_only"
"""What is calibrated with."""
Condition = Literal["lora", "routed", "eighth", "heads", "tenth", "conflict0", "conflict1"]
"""What a run of a calibration was made under; all but `routed` and `heads` are LoRA."""
SENSITIVITIES: Mapping[str, tuple[Condition, Condition]] = {
    "an eighth of the budget": ("eighth", "lora"),
    "heads only": ("heads", "lora"),
    "a tenth of the steps": ("tenth", "lora"),
    "conflict 1 against 0": ("conflict1", "conflict0"),
}
"""Differences that are known to be there, by name: what must be the worse, and what the better."""


class CalibrationTask(StrictModel):
    """A task as LoRA met it; `constant` is the score of the best constant answer, in its unit."""

    n: PositiveInt = Field(description="test examples")
    primary: MetricName
    unit: Unit
    lower_is_better: bool
    constant: float


class CalibrationRun(StrictModel):
    """One run: under which condition it was made, how it ended, what it scored."""

    condition: Condition
    method: MethodName
    seed: NonNegativeInt
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")] | None = Field(
        description="of its spec; None where there is none, since it could not be planned"
    )
    status: Literal["ok", "diverged", "oom", "failed"]
    error: str | None = Field(None, description="the last line of it")
    scores: dict[TaskName, float] = Field({}, description="primary test scores in their units")
    git_commit: str | None = None
    dirty: bool | None = None


class Calibration(StrictModel):
    """LoRA and one routed method over seeds, and LoRA where it must come out worse.

    What is shown of it is computed from these numbers when it is shown.
    """

    schema_version: Literal[4] = 4
    kind: Literal["calibration"] = "calibration"
    attempt: PositiveInt = 1
    track: TrackSlug
    budget: PositiveInt = Field(description="the track's default")
    method: MethodName = Field(description="the routed one")
    options: dict[OptionName, OptionValue] = Field({}, description="of the routed method")
    tasks: dict[TaskName, CalibrationTask] = Field(min_length=1)
    runs: list[CalibrationRun] = Field(min_length=1)
    item_covariance: list[list[float]] = Field(
        description="of the tasks' scores, in their order and units, if test items are drawn again;"
        " mean over the LoRA runs"
    )
    resamples: PositiveInt = Field(description="draws of test items behind that")
    provenance: Provenance

    @property
    def variant(self) -> str:
        """The routed method with its options, as in `Spec.variant`."""
        return variant(self.method, self.options)

    @property
    def folder(self) -> str:
        """Where calibrations of its track live in a store."""
        return f"{self.track}/{self.budget}/calibration"

    @property
    def prefix(self) -> str:
        """File name without attempt."""
        return self.variant

    @property
    def path(self) -> str:
        """Where it lives in a store, without suffix."""
        return f"{self.folder}/{self.prefix}-{self.attempt}"

    def of(self, condition: Condition) -> dict[int, CalibrationRun]:
        """The runs under one condition that ended `ok`, by seed."""
        own = (run for run in self.runs if run.condition == condition)
        return {run.seed: run for run in own if run.status == "ok"}

    def says_the_same(self, other: Calibration) -> bool:
        """Whether another one, made at another time, has the same runs and numbers."""
        apart: dict[str, Any] = {"attempt": 1, "provenance": self.provenance}
        return self.model_copy(update=apart) == other.model_copy(update=apart)


def newest(calibrations: Iterable[Calibration]) -> list[Calibration]:
    """The last calibration of every track with every routed method, sorted by path."""
    found: dict[tuple[str, str], Calibration] = {}
    for own in sorted(calibrations, key=lambda own: own.attempt):
        found[own.folder, own.prefix] = own
    return [found[key] for key in sorted(found)]
