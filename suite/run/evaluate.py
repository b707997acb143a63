"""What a trained model answers: outcomes of every example, and how its gates were used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from torch import Tensor

from seesaw.methods import routing_state
from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState
from seesaw.suite.run.state import Progress
from seesaw.suite.run.train import Diverged
from seesaw.tasks.families.family import MultiTaskModel, TaskFamily, routed
from seesaw.tasks.task import SCORED


def answer(model: MultiTaskModel, accelerator: Accelerator, batch: Any) -> Any:
    """The outputs of `model` for one batch."""
    batch = batch.to(accelerator.device)
    with torch.inference_mode(), routed(model, batch), accelerator.autocast():
        return model(batch)


def scoring(
    family: TaskFamily,
    progress: Progress,
    report: Callable[[Progress], None],
    splits: Sequence[str] = SCORED,
) -> Callable[[int], None]:
    """Reports how many examples have been handed over to be scored."""
    progress.to_score = sum(family.data.eval_size(split) for split in splits)

    def scored(count: int) -> None:
        progress.scored += count
        report(progress)

    return scored


def predict(
    model: MultiTaskModel,
    family: TaskFamily,
    accelerator: Accelerator,
    scored: Callable[[int], None] = lambda count: None,
    splits: Sequence[str] = SCORED,
) -> tuple[pd.DataFrame, dict[Place, Tensor]]:
    """Outcomes on some splits, and the gates' usage on test by adapted place, if test is asked.

    `scored` is told the number of examples of every batch.

    Raises:
        Diverged: a prediction is not finite.
    """
    model.eval()
    ask, frames = partial(_finite_answer, model, accelerator), []
    gated = routing_state(model)
    state, shown = gated or RoutingState(), family.data.shown() if gated else None
    for split in splits:
        state.record_usage = split == "test" and shown is None
        frames.append(family.scoring.evaluate(split, model, ask, scored))
    state.record_usage = True
    for batch in (shown or ()) if "test" in splits else ():
        ask(batch)
    state.record_usage = False
    outcomes = pd.concat(frames, ignore_index=True)
    _check_finite(outcomes)
    return outcomes.sort_values(list(family.scoring.key), ignore_index=True), dict(state.usage)


def _finite_answer(model: MultiTaskModel, accelerator: Accelerator, batch: Any) -> Any:
    """`answer`, looked at: the class of largest logit is a class even where none is a number."""
    outputs = answer(model, accelerator, batch)
    for tensor in outputs.values() if isinstance(outputs, Mapping) else (outputs,):
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise Diverged("an output of the trained model is not finite")
    return outputs


def _check_finite(outcomes: pd.DataFrame) -> None:
    for name in outcomes.select_dtypes("number").columns:
        lost = outcomes[~np.isfinite(outcomes[name].to_numpy(dtype=np.float64))]
        if len(lost):
            first = lost.iloc[0]
            raise Diverged(
                f"{len(lost)} of {len(outcomes)} outcomes are not finite: {name} of "
                f"{first['task']} {first['split']} row {first['row']}"
            )


def general_loss(
    model: MultiTaskModel, family: TaskFamily, accelerator: Accelerator
) -> float | None:
    """Loss on text that is no task's, nats per token; None where there is none.

    Raises:
        Diverged: it is not finite.
    """
    training, total, count = model.training, 0.0, 0
    model.eval()
    for batch, tokens in family.data.general():
        total -= float(answer(model, accelerator, batch).sum())
        count += tokens
    model.train(training)
    if not count:
        return None
    if not np.isfinite(total):
        raise Diverged(f"the loss on general text is {total / count}")
    return round(total / count, 6)
