"""The record of one run: one pydantic model."""

from __future__ import annotations

import hashlib
import json
import re
from statistics import mean
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from seesaw.suite.records.names import (
    MethodName,
    MetricName,
    OptionName,
    OptionValue,
    Sha256,
    TaskName,
    TrackSlug,
)
from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import SCORED
from seesaw.tasks.track import CONFLICT

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""One text for one value: what hashes are taken of."""


def variant(method: str, options: dict[str, Any]) -> str:
    """A method with the options set by the user, safe as a folder name: `smora+active=4`."""
    return "+".join([method, *(f"{name}={value}" for name, value in sorted(options.items()))])


def track_of(slug: str) -> str:
    """`name@version` out of a slug that may also say what part of the track was used."""
    name, _, rest = slug.partition("@")
    return f"{name}@{rest.partition('-')[0]}"


BudgetKind = Literal["total", "active"]
"""What a budget counts: all trained adapter parameters, or those that one token uses."""


def dial_of(slug: str) -> float | None:
    """What a track's dial of conflict was turned to, by its slug; None if it was not."""
    turned = re.match(rf"-{CONFLICT}([0-9]*[.]?[0-9]+)(-|$)", slug.removeprefix(track_of(slug)))
    return float(turned[1]) if turned else None


def played_on(slug: str) -> str:
    """The track's name with its version, and with its dial where that was turned, of a slug."""
    dial = dial_of(slug)
    return track_of(slug) + ("" if dial is None else f"-{CONFLICT}{dial:g}")


class Tuned(StrictModel):
    """At which point of a track's search space a run is made, and whether it is a trial of it.

    A trial is shorter than a run and scored on dev alone; it decides which point runs are made at.
    """

    space: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] = Field(description="its hash")
    trials: PositiveInt = Field(description="that every entry gets")
    number: NonNegativeInt = Field(description="of the point; 0 are the track's own settings")
    values: dict[OptionName, PositiveFloat] = Field(description="learning_rate, and options")
    trial: bool
    edge: bool = Field(False, description="no other trial had a lower, or a higher, learning rate")


class Spec(StrictModel):
    """Exactly what a run is; its hash is the run's identity. Hardware is no part of it."""

    track: TrackSlug = Field(description="slug, e.g. glue@1-local6")
    tasks: list[TaskName] = Field(min_length=1)
    data_sha256: dict[TaskName, Sha256] = Field(description="by task")
    weights_sha256: Sha256
    method: MethodName
    options: dict[OptionName, OptionValue] = Field({}, description="set by the user")
    config: dict[str, Any] = Field(description="resolved method config")
    budget: PositiveInt = Field(description="trainable adapter parameters asked for")
    budget_kind: BudgetKind = Field("total", description="which of them that counts")
    recipe: dict[str, Any]
    precision: str
    seed: NonNegativeInt
    placement: dict[str, Any] | None = Field(
        None,
        description="where updates stand and what the backbone is built with, if that is not what "
        "the track of this slug says as it comes with the suite",
    )
    tuned: Tuned | None = Field(None, description="None where the track's own settings are used")

    @property
    def id(self) -> str:
        """Hash of the spec, 12 hex digits.

        What later schemas can say besides is no part of it where it is as it always was: updates
        stand where the track has them, nothing was tuned, the budget counts everything.
        """
        text = CANONICAL.encode(self.model_dump(mode="json", exclude=self.usual))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def usual(self) -> set[str]:
        """The fields that are as they were before a schema could say them."""
        later = {"placement": None, "tuned": None, "budget_kind": "total"}
        return {name for name, usual in later.items() if getattr(self, name) == usual}

    @property
    def variant(self) -> str:
        """The method with the options set by the user, as a folder name."""
        return variant(self.method, self.options)

    @property
    def is_trial(self) -> bool:
        """Whether it only helps to choose the settings of runs."""
        return self.tuned is not None and self.tuned.trial

    @property
    def splits(self) -> tuple[str, ...]:
        """What its model is asked about: a trial dev alone, so that no test answer is ever seen."""
        return tuple(split for split in SCORED if split != "test" or not self.is_trial)

    @property
    def called(self) -> str:
        """The variant, and which trial of it this is, if it is one."""
        number = f" trial {self.tuned.number}" if self.tuned and self.tuned.trial else ""
        return self.variant + number

    @property
    def folder(self) -> str:
        """Where its records live in a store: `track/budget/variant`."""
        kind = "" if self.budget_kind == "total" else f"-{self.budget_kind}"
        return f"{self.track}/{self.budget}{kind}/{self.variant}"

    @property
    def prefix(self) -> str:
        """File name of its records without the attempt."""
        return f"{self.seed}-{self.id}"


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
