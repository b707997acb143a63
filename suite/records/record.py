"""The record of one run: one pydantic model."""

from __future__ import annotations

from statistics import mean
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from seesaw.suite.records.names import (
    MetricName,
    Sha256,
    TaskName,
)
from seesaw.suite.records.spec import Spec
from seesaw.tasks.strict import StrictModel


class ParameterCounts(StrictModel):
    """Trainable parameters by kind; `adapter` is what the budget counts, heads come on top."""

    adapter: NonNegativeInt
    experts: NonNegativeInt
    router: NonNegativeInt
    task_embedding: NonNegativeInt
    active: NonNegativeInt = Field(description="per token, router included")
    head: NonNegativeInt


class TaskResult(StrictModel):
    """One task's scores: metric ids to values, and what trivial answers are worth."""

    n: NonNegativeInt = Field(description="test examples")
    primary: MetricName = Field(description="the metric the tables show")
    test: dict[MetricName, float]
    dev: dict[MetricName, float]
    constant: dict[MetricName, float] = Field(description="test scores of the best constant answer")
    bag_of_words: dict[MetricName, float] = Field(
        {}, description="test scores of a linear model on words, where there are words"
    )
    unit: Literal["points", "degrees", "metres"] = "points"
    lower_is_better: bool = False

    def shown(self, values: dict[str, float]) -> float:
        """The primary metric of `values` in the task's unit; points are a share times 100."""
        return values[self.primary] * (100 if self.unit == "points" else 1)


class Forgetting(StrictModel):
    """Loss of a language model on general text, nats per token."""

    before: float
    after: float


class RoutingStatistics(StrictModel):
    """How the gates of one adapted place were used over the test sets."""

    load: list[float] = Field(description="share of the gate mass by expert")
    entropy: float = Field(description="of the load, over its maximum")
    dead: float = Field(description="share of experts with under a tenth of an equal load")
    task_information: float = Field(description="mutual information of task and expert, nats")
    by_task: list[list[float]] = Field([], description="share of each task's gate mass by expert")


class Cost(StrictModel):
    """What the run took; seconds say nothing across machines."""

    flops_train: NonNegativeFloat = Field(
        description="per example, forward and backward, counted on a batch"
    )
    flops_infer: NonNegativeFloat = Field(description="per example, forward")
    passes: PositiveInt = Field(1, description="runs of the backbone per example")
    tokens_per_s: float | None = Field(None, description="in training, padding excluded")
    train_s: float
    eval_s: float
    total_s: float
    step_s: float = Field(description="median seconds per optimiser step")
    examples_per_s: float
    peak_memory: int = Field(description="bytes")


class MethodSource(StrictModel):
    """The code of a method: whose it is, and what it was when the run was made."""

    distribution: str | None = Field(description="installed package that brings it, if any does")
    version: str | None = Field(description="of that package")
    module: str
    sha256: str = Field(description="of the module's file")


class Provenance(StrictModel):
    """Where the numbers come from."""

    seesaw: str | None = Field(None, description="our version; None in records of schema 1")
    method: MethodSource | None = Field(None, description="None in records of schema 1")

    git_commit: str | None
    dirty: bool | None
    packages: dict[str, str]
    python: str
    machine: str = Field(description="CPU or GPU model")
    platform: str
    threads: int
    at_once: PositiveInt = Field(1, description="runs that were done side by side, this among them")
    numerics: dict[str, str] = Field(
        {}, description="kernels of ATen, oneDNN and MKL; empty where nothing held them"
    )
    started: str = Field(description="UTC, ISO 8601")


class Record(StrictModel):
    """The result of one run. Never changed once written."""

    schema_version: Literal[4] = 4
    kind: Literal["run"] = "run"
    id: str
    attempt: PositiveInt
    spec: Spec
    routes_on: Literal["none", "task", "token", "instance"] = Field(
        description="what the method's gate depends on"
    )
    told_task: bool = Field(False, description="whether the method needs the task's id")
    status: Literal["ok", "diverged", "oom", "failed", "refused"] = Field(
        description="refused: the method does not fit the budget, and `error` says why"
    )
    error: str | None = None
    parameters: ParameterCounts | None = None
    learning_rate_factor: float = Field(1.0, description="of the recipe's peak learning rate")
    examples: NonNegativeInt = 0
    tokens: NonNegativeInt = 0
    steps: NonNegativeInt = 0
    tasks: dict[TaskName, TaskResult] = Field({})
    loss_curve: list[tuple[int, float]] = Field([], description="(step, mean loss since the last)")
    forgetting: Forgetting | None = None
    cut_prompts: dict[str, int] = Field(
        {}, description="prompts by split that were too long and lost their left end"
    )
    routing: dict[str, RoutingStatistics] = Field({}, description="by adapted place")
    cost: Cost | None = None
    provenance: Provenance
    outcomes_sha256: Sha256 | None = Field(
        None, description="of the Parquet file beside the record"
    )
    trained_sha256: Sha256 | None = Field(
        None, description="of the weights the run left beside the record; None in schema 1"
    )

    @property
    def folder(self) -> str:
        """The folder of all records of its method, track and budget."""
        return self.spec.folder

    @property
    def prefix(self) -> str:
        """The file name without the attempt."""
        return self.spec.prefix

    @property
    def path(self) -> str:
        """Where the record lives in a store, without suffix."""
        return f"{self.folder}/{self.prefix}-{self.attempt}"

    def gain_on_dev(self, reference: Record) -> float | None:
        """Mean over tasks of the gain on dev over a reference, as a share of its score.

        None where the reference has 0 on all tasks, to which nothing is relative.
        """
        gains = []
        for name, task in self.tasks.items():
            own, other = task.shown(task.dev), task.shown(reference.tasks[name].dev)
            if other:
                gains.append((own - other) / abs(other) * (-1 if task.lower_is_better else 1))
        return mean(gains) if gains else None

    def scores(self) -> dict[str, float]:
        """The primary test score of every task, in its unit (points are a share times 100)."""
        return {name: task.shown(task.test) for name, task in self.tasks.items()}
