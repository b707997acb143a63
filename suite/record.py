"""The record of one run: one pydantic model, its schema version and migrations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a schema version to the function that lifts a raw record to the next one."""


CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""One text for one value: what hashes are taken of."""


class RecordError(ValueError):
    """A record that cannot be read; the message says why."""


class Part(BaseModel):
    """Base of everything in a record: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


def variant(method: str, options: dict[str, Any]) -> str:
    """A method with the options set by the user, safe as a folder name: `smora+active=4`."""
    return "+".join([method, *(f"{name}={value}" for name, value in sorted(options.items()))])


def track_of(slug: str) -> str:
    """`name@version` out of a slug that may also say what part of the track was used."""
    name, _, rest = slug.partition("@")
    return f"{name}@{rest.partition('-')[0]}"


class Spec(Part):
    """Exactly what a run is; its hash is the run's identity. Hardware is no part of it."""

    track: str = Field(description="slug, e.g. glue@1-local6")
    tasks: list[str]
    data_sha256: dict[str, str] = Field(description="by task")
    weights_sha256: str
    method: str
    options: dict[str, Any] = Field({}, description="method options set by the user")
    config: dict[str, Any] = Field(description="resolved method config")
    budget: int = Field(description="trainable adapter parameters asked for")
    recipe: dict[str, Any]
    precision: str
    seed: int

    @property
    def id(self) -> str:
        """Hash of the spec, 12 hex digits."""
        text = CANONICAL.encode(self.model_dump(mode="json"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def variant(self) -> str:
        """See `variant`."""
        return variant(self.method, self.options)

    @property
    def folder(self) -> str:
        """Where its records live in a store: `track/budget/variant`."""
        return f"{self.track}/{self.budget}/{self.variant}"

    @property
    def prefix(self) -> str:
        """File name of its records without the attempt."""
        return f"{self.seed}-{self.id}"


class ParameterCounts(Part):
    """Trainable parameters by kind; `adapter` is what the budget counts, heads come on top."""

    adapter: int
    experts: int
    router: int
    task_embedding: int
    active: int = Field(description="per token, router included")
    head: int


class TaskResult(Part):
    """One task's scores: metric ids to values, and what trivial answers are worth."""

    n: int = Field(description="test examples")
    primary: str = Field(description="the metric the tables show")
    test: dict[str, float]
    dev: dict[str, float]
    constant: dict[str, float] = Field(description="test scores of the best constant answer")
    bag_of_words: dict[str, float] = Field(
        {}, description="test scores of a linear model on words, where there are words"
    )
    unit: Literal["points", "degrees", "metres"] = "points"
    lower_is_better: bool = False

    def shown(self, values: dict[str, float]) -> float:
        """The primary metric of `values` in the task's unit; points are a share times 100."""
        return values[self.primary] * (100 if self.unit == "points" else 1)


class Forgetting(Part):
    """Loss of a language model on general text, nats per token."""

    before: float
    after: float


class Routing(Part):
    """How the gates of one adapted place were used over the test sets."""

    load: list[float] = Field(description="share of the gate mass by expert")
    entropy: float = Field(description="of the load, over its maximum")
    dead: float = Field(description="share of experts with under a tenth of an equal load")
    task_information: float = Field(description="mutual information of task and expert, nats")
    by_task: list[list[float]] = Field([], description="share of each task's gate mass by expert")


class Cost(Part):
    """What the run took; seconds say nothing across machines."""

    flops_train: float = Field(description="per step, forward and backward, measured on a batch")
    flops_infer: float = Field(description="per example, forward")
    passes: int = Field(1, description="runs of the backbone per example")
    tokens_per_s: float | None = Field(None, description="in training, padding excluded")
    train_s: float
    eval_s: float
    total_s: float
    step_s: float = Field(description="median seconds per optimiser step")
    examples_per_s: float
    peak_memory: int = Field(description="bytes")


class Provenance(Part):
    """Where the numbers come from."""

    git_commit: str | None
    dirty: bool | None
    packages: dict[str, str]
    python: str
    machine: str = Field(description="CPU or GPU model")
    platform: str
    threads: int
    started: str = Field(description="UTC, ISO 8601")


class SpeedRecord(Part):
    """Step times of a method, PEFT's LoRA of equal total rank and the frozen backbone.

    All three took turns in one process on the same batches: a step is forward, backward and
    optimiser. Ratios are medians over rounds, each round's step against the same round's.
    """

    schema_version: Literal[1] = 1
    kind: Literal["speed"] = "speed"
    attempt: int
    track: str
    budget: int
    method: str
    options: dict[str, Any] = {}
    config: dict[str, Any]
    lora_config: dict[str, Any]
    rounds: int
    batch: list[int] = Field(description="examples, tokens with padding")
    step_s: float = Field(description="median")
    lora_step_s: float
    frozen_step_s: float
    ratio_to_lora: float
    ratio_to_frozen: float
    flops: int = Field(description="of the whole step, frozen part included, counted")
    lora_flops: int
    frozen_flops: int
    saved_per_token: float | None = Field(
        None, description="elements kept for backward at one place, beyond input and output"
    )
    saved_bytes: int | None = Field(None, description="kept for backward by the whole model")
    lora_saved_bytes: int | None = None
    frozen_saved_bytes: int | None = None
    peak_memory: int | None = Field(None, description="bytes of one step above what is held")
    lora_peak_memory: int | None = None
    references: dict[str, float] = Field({}, description="median seconds of other steps")
    provenance: Provenance

    @property
    def flops_ratio(self) -> float:
        """Operations of a step over those of a LoRA step."""
        return self.flops / self.lora_flops

    @property
    def overhead(self) -> float:
        """Time ratio to LoRA over the ratio of operations; 1 is all the arithmetic allows."""
        return self.ratio_to_lora / self.flops_ratio

    @property
    def floor(self) -> float:
        """Operations over the frozen backbone's: the time ratio if all ran at its speed."""
        return self.flops / self.frozen_flops

    def adapter_gain(self, reference: str) -> float:
        """How many times less than a reference the method adds to the frozen step."""
        return (self.references[reference] - self.frozen_step_s) / (
            self.step_s - self.frozen_step_s
        )

    @property
    def variant(self) -> str:
        """As in `Spec.variant`."""
        return variant(self.method, self.options)

    @property
    def folder(self) -> str:
        """As in `Spec.folder`."""
        return f"{self.track}/{self.budget}/{self.variant}"

    @property
    def prefix(self) -> str:
        """File name without attempt; measurements of one machine are attempts at one thing."""
        machine = hashlib.sha256(
            f"{self.provenance.machine}/{self.provenance.threads}".encode()
        ).hexdigest()
        return f"speed-{machine[:8]}"

    @property
    def path(self) -> str:
        """Where the record lives in a store, without suffix."""
        return f"{self.folder}/{self.prefix}-{self.attempt}"


class Record(Part):
    """The result of one run. Never changed once written."""

    schema_version: Literal[1] = 1
    kind: Literal["run"] = "run"
    id: str
    attempt: int
    spec: Spec
    routes_on: Literal["none", "task", "token", "instance"] = Field(
        description="what the method's gate depends on"
    )
    told_task: bool = Field(False, description="whether the method needs the task's id")
    status: Literal["ok", "diverged", "oom", "failed"]
    error: str | None = None
    parameters: ParameterCounts | None = None
    examples: int = 0
    tokens: int = 0
    steps: int = 0
    tasks: dict[str, TaskResult] = {}
    loss_curve: list[tuple[int, float]] = Field([], description="(step, mean loss since the last)")
    forgetting: Forgetting | None = None
    cut_prompts: dict[str, int] = Field(
        {}, description="prompts by split that were too long and lost their left end"
    )
    routing: dict[str, Routing] = Field({}, description="by adapted place")
    cost: Cost | None = None
    provenance: Provenance
    outcomes_sha256: str | None = Field(None, description="of the Parquet file beside the record")

    @property
    def folder(self) -> str:
        """See `Spec.folder`."""
        return self.spec.folder

    @property
    def prefix(self) -> str:
        """See `Spec.prefix`."""
        return self.spec.prefix

    @property
    def path(self) -> str:
        """Where the record lives in a store, without suffix."""
        return f"{self.folder}/{self.prefix}-{self.attempt}"

    def scores(self) -> dict[str, float]:
        """The primary test score of every task, in its unit (points are a share times 100)."""
        return {name: task.shown(task.test) for name, task in self.tasks.items()}


def parse_record(text: str | bytes) -> Record | SpeedRecord:
    """Read a record of this or an older schema, of either kind.

    Raises:
        RecordError: damaged, foreign, or written by a newer schema.
    """
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise RecordError(f"not JSON: {error}") from None
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, int):
        raise RecordError("no schema_version: not a record of this suite")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"schema version {version} is newer than ours, {SCHEMA_VERSION}; update seesaw"
        )
    while version < SCHEMA_VERSION:
        raw, version = MIGRATIONS[version](raw), version + 1
    try:
        if raw.get("kind") == "speed":
            return SpeedRecord.model_validate(raw)
        record = Record.model_validate(raw)
    except ValueError as error:
        raise RecordError(str(error)) from None
    if record.id != record.spec.id:
        raise RecordError(f"id {record.id} is not the hash of its spec, {record.spec.id}")
    return record
