"""What a run came to, as a record and the files beside it."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator

from seesaw.suite.costs.profile import count_flops
from seesaw.suite.records.record import TaskResult
from seesaw.suite.run.train import Diverged
from seesaw.tasks.families.family import MultiTaskModel, TaskFamily, routed
from seesaw.tasks.task import SCORED
from seesaw.tasks.track import Recipe

OUTCOME_TYPES = {
    "split": "category",
    "task": "category",
    "family": "category",
    "row": "int32",
    "prediction": "float32",
    "target": "float32",
}
"""Columns of outcomes that are stored in another type than they were made in."""
PROBED = 32
"""Examples that operations are counted on, or as many as one forward takes in training."""


def to_parquet(outcomes: pd.DataFrame) -> bytes:
    """Outcomes as a compact Parquet file."""
    types = {name: OUTCOME_TYPES[name] for name in outcomes.columns if name in OUTCOME_TYPES}
    buffer = io.BytesIO()
    outcomes.astype(types).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def sha256(content: bytes) -> str:
    """Hash of a file that lies beside a record."""
    return hashlib.sha256(content).hexdigest()


def task_results(
    family: TaskFamily, outcomes: pd.DataFrame, splits: Sequence[str] = SCORED
) -> dict[str, TaskResult]:
    """Scores of every task, from its outcomes alone, beside those of trivial answers on test.

    Raises:
        Diverged: a score is not finite.
    """
    results = {}
    for index, task in enumerate(family.tasks):
        scores = family.scoring.scores(outcomes, task.name, task.metrics, splits)
        for split, values in scores.items():
            for metric, value in values.items():
                if not math.isfinite(value):
                    raise Diverged(f"{metric} of {task.name} {split} is {value}")
        results[task.name] = TaskResult(
            n=family.data.examples(index, "test"),
            primary=task.metrics[0],
            unit=task.unit,
            lower_is_better=task.lower_is_better,
            **({"test": {}} | scores),
            **(family.scoring.trivial(index) if "test" in splits else {"constant": {}}),
        )
    return results


def flops(
    model: MultiTaskModel, family: TaskFamily, recipe: Recipe, accelerator: Accelerator
) -> dict[str, float]:
    """Operations per example, of a training step's forward and backward, and of inference."""
    order = np.random.default_rng(0)
    probed = min(PROBED, recipe.batch_size // recipe.micro_batches)  # no more memory than a step
    batch = next(family.data.train(order, 1, probed, 1))[0].to(accelerator.device)

    def forward() -> torch.Tensor:
        with routed(model, batch), accelerator.autocast():
            return family.scoring.loss(model(batch), batch, len(batch))

    with torch.inference_mode():
        infer = count_flops(forward)
    trained = infer
    if any(p.requires_grad for p in model.parameters()):
        trained = count_flops(lambda: forward().backward())
    return {"flops_train": trained / len(batch), "flops_infer": infer / len(batch)}
