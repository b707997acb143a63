"""What a trained model answers, and what that is worth."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import torch
from accelerate import Accelerator

from seesaw.methods import routing, routing_state
from seesaw.methods.core.state import RoutingState
from seesaw.suite.records.record import TaskResult
from seesaw.suite.run.train import Progress
from seesaw.tasks.families.learner import Learner, MultiTaskModel

EVALUATED = ("dev", "test")
OUTCOME_TYPES = {
    "split": "category",
    "task": "category",
    "family": "category",
    "row": "int32",
    "prediction": "float32",
    "target": "float32",
}
"""Of the columns of outcomes, where they are not what they were made as."""


def answer(model: MultiTaskModel, accelerator: Accelerator, batch: Any) -> Any:
    """The outputs of `model` for one batch."""
    batch = batch.to(accelerator.device)
    routed = routing(model, *model.route(batch))
    with torch.inference_mode(), routed, accelerator.autocast():
        return model(batch)


def scoring(
    learner: Learner, progress: Progress, report: Callable[[Progress], None]
) -> Callable[[int], None]:
    """Reports how many examples have been handed over to be scored."""
    progress.to_score = sum(learner.eval_size(split) for split in EVALUATED)

    def scored(count: int) -> None:
        progress.scored += count
        report(progress)

    return scored


def predict(
    model: MultiTaskModel,
    learner: Learner,
    accelerator: Accelerator,
    scored: Callable[[int], None] = lambda count: None,
) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    """Outcomes on dev and test, and the gates' usage on test by adapted place.

    `scored` is told the number of examples of every batch.
    """
    model.eval()
    ask, frames = partial(answer, model, accelerator), []
    gated = routing_state(model)
    state, shown = gated or RoutingState(), learner.routed_batches() if gated else None
    for split in EVALUATED:
        state.record_usage = split == "test" and shown is None
        frames.append(learner.evaluate(split, model, ask, routing, scored))
    state.record_usage = True
    for batch in shown or ():
        ask(batch)
    state.record_usage = False
    outcomes = pd.concat(frames, ignore_index=True)
    return outcomes.sort_values(list(learner.key), ignore_index=True), dict(state.usage)


def general_loss(model: MultiTaskModel, learner: Learner, accelerator: Accelerator) -> float | None:
    """Loss on text that is no task's, nats per token; None where there is none."""
    training, total, count = model.training, 0.0, 0
    model.eval()
    for batch, tokens in learner.general_batches():
        total -= float(answer(model, accelerator, batch).sum())
        count += tokens
    model.train(training)
    return round(total / count, 6) if count else None


def to_parquet(outcomes: pd.DataFrame) -> bytes:
    """Outcomes as a compact Parquet file."""
    kinds = {name: OUTCOME_TYPES[name] for name in outcomes.columns if name in OUTCOME_TYPES}
    buffer = io.BytesIO()
    outcomes.astype(kinds).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def task_results(learner: Learner, outcomes: pd.DataFrame) -> dict[str, TaskResult]:
    """Scores of every task, from its outcomes alone, beside those of trivial answers."""
    results = {}
    for index, task in enumerate(learner.tasks):
        results[task.name] = TaskResult(
            n=learner.examples(index, "test"),
            primary=task.metrics[0],
            unit=task.unit,
            lower_is_better=task.lower_is_better,
            **learner.scores(outcomes, task.name, task.metrics),
            **learner.trivial(index),
        )
    return results
