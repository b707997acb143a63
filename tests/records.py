"""Synthetic records for tests that need no training."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from seesaw.suite.records.calibration import (
    HEADS,
    LORA,
    Calibration,
    CalibrationRun,
    CalibrationTask,
    Condition,
)
from seesaw.suite.records.record import Cost, ParameterCounts, Provenance, Record, TaskResult
from seesaw.suite.records.spec import Spec
from seesaw.suite.records.speed import SpeedRecord

PROVENANCE = Provenance(
    git_commit="0" * 40,
    dirty=False,
    packages={"torch": "2.15.0"},
    python="3.11",
    machine="a machine",
    platform="Linux x86_64",
    threads=2,
    started="2026-01-01T00:00:00+00:00",
)
COUNTS = ParameterCounts(
    adapter=1000, experts=700, router=300, task_embedding=0, active=500, head=10
)


def outcomes_of() -> bytes:
    """A small outcomes file of the tasks `a` and `b`."""
    frame = pd.DataFrame(
        [
            (split, task, row, row % 2, row % 2)
            for split in ("dev", "test")
            for task in ("a", "b")
            for row in range(4)
        ],
        columns=["split", "task", "row", "prediction", "target"],
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def spec(
    method: str = "smora",
    seed: int = 0,
    track: str = "sentences@1",
    budget: int = 1000,
    tasks: tuple[str, ...] = ("a", "b"),
) -> Spec:
    """A spec that no real run has."""
    return Spec(
        track=track,
        tasks=list(tasks),
        data_sha256=dict.fromkeys(tasks, "0" * 64),
        weights_sha256="1" * 64,
        method=method,
        config={"r": 8},
        budget=budget,
        recipe={"steps": 3},
        precision="fp32",
        seed=seed,
    )


def record(
    content: bytes | None,
    of: Spec | None = None,
    score: float = 0.75,
    routes_on: str = "token",
    **changes: Any,
) -> Record:
    """An `ok` record whose every task scores `score`; constant answers score 0.5."""
    of = of or spec()
    result = TaskResult(
        n=4,
        primary="accuracy",
        test={"accuracy": score},
        dev={"accuracy": score},
        constant={"accuracy": 0.5},
        bag_of_words={"accuracy": 0.55},
    )
    fields: dict[str, Any] = {
        "id": of.id,
        "attempt": 1,
        "spec": of,
        "routes_on": routes_on,
        "told_task": routes_on == "task",
        "status": "ok",
        "parameters": COUNTS,
        "tasks": dict.fromkeys(of.tasks, result),
        "cost": Cost(
            flops_train=3.0,
            flops_infer=1.0,
            train_s=1.0,
            eval_s=1.0,
            total_s=2.0,
            step_s=0.1,
            examples_per_s=10.0,
            peak_memory=1,
        ),
        "provenance": PROVENANCE,
        "outcomes_sha256": hashlib.sha256(content).hexdigest() if content else None,
    }
    return Record(**fields | changes)


def speed_record(method: str = "smora", ratio: float = 1.25, **changes: Any) -> SpeedRecord:
    """A speed record that fits `spec`."""
    fields: dict[str, Any] = {
        "attempt": 1,
        "track": "sentences@1",
        "budget": 1000,
        "method": method,
        "config": {"r": 8},
        "lora_config": {"r": 8},
        "rounds": 3,
        "batch": [8, 16],
        "step_s": ratio,
        "lora_step_s": 1.0,
        "frozen_step_s": 0.5,
        "ratio_to_lora": ratio,
        "ratio_to_frozen": 2 * ratio,
        "flops": 12,
        "lora_flops": 10,
        "frozen_flops": 8,
        "provenance": PROVENANCE,
    }
    return SpeedRecord(**fields | changes)


Table = Mapping[Condition, Sequence[Mapping[str, float]]]
"""Scores by task, for every seed from 0 on, under every condition."""


def calibration_task(**changes: Any) -> CalibrationTask:
    """A task in points, where a constant answer scores 50."""
    fields: dict[str, Any] = {
        "n": 4,
        "primary": "accuracy",
        "unit": "points",
        "lower_is_better": False,
        "constant": 50.0,
    }
    return CalibrationTask(**fields | changes)


def calibration_run(condition: Condition, seed: int, **changes: Any) -> CalibrationRun:
    """A run that ended `ok` at 75 points on `a` and `b`, with the id of a spec of its own."""
    method = {"routed": "smora", "heads": HEADS}.get(condition, LORA)
    budget = 125 if condition == "eighth" else 1000
    fields: dict[str, Any] = {
        "condition": condition,
        "method": method,
        "seed": seed,
        "id": spec(method, seed, budget=budget).id,
        "status": "ok",
        "scores": {"a": 75.0, "b": 75.0},
        "git_commit": "0" * 40,
        "dirty": False,
    }
    return CalibrationRun(**fields | changes)


def calibration(scores: Table, **changes: Any) -> Calibration:
    """A calibration with these scores; an item deviation of 1 for every task, independent."""
    names = list(scores["lora"][0])
    runs = [
        calibration_run(condition, seed, scores=dict(own))
        for condition, rows in scores.items()
        for seed, own in enumerate(rows)
    ]
    fields: dict[str, Any] = {
        "track": "sentences@1",
        "budget": 1000,
        "method": "smora",
        "tasks": {name: calibration_task() for name in names},
        "runs": runs,
        "item_covariance": [[float(a == b) for a in names] for b in names],
        "resamples": 200,
        "provenance": PROVENANCE,
    }
    return Calibration(**fields | changes)
