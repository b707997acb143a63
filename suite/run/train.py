"""The training loop: one, the same for every method; it calls hooks and knows no method."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from seesaw.suite.run.model import trained
from seesaw.suite.run.state import Cursor, Progress, TrainingState
from seesaw.tasks.families.family import MultiTaskModel, routed

CURVE_POINTS = 60
"""Points of the stored loss curve."""


class Diverged(RuntimeError):
    """A loss, a weight or a score is not a finite number any more."""


def train_step(
    model: MultiTaskModel,
    micro_batches: list[Any],
    loss_of: Callable[[Any, Any, int], Tensor],
    optimizer: torch.optim.Optimizer,
    accelerator: Accelerator,
    clip_norm: float,
) -> tuple[Tensor, Tensor]:
    """One optimiser step over the micro-batches of one batch.

    Returns:
        The mean loss per example, and the mean of the auxiliary losses.

    The routing state is held until after backward, so that checkpointing sees it again.
    """
    size = sum(len(batch) for batch in micro_batches)
    total = torch.zeros((), device=accelerator.device)
    auxiliary = torch.zeros_like(total)
    for batch in micro_batches:
        batch = batch.to(accelerator.device)
        with routed(model, batch) as state:
            with accelerator.autocast():
                outputs = model(batch)
            loss = loss_of(outputs, batch, size)
            own = len(batch) / size * state.auxiliary_loss()
            accelerator.backward(loss + own)
        total += loss.detach()
        auxiliary += own.detach() if isinstance(own, Tensor) else own
    accelerator.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    optimizer.zero_grad()
    return total, auxiliary


def train(
    state: TrainingState,
    batches: Cursor,
    loss_of: Callable[[Any, Any, int], Tensor],
    report: Callable[[Progress], None],
    until: int | None = None,
) -> None:
    """Take steps on `batches` (one list of micro-batches per step) from where `state` is.

    Args:
        state: is changed; stays as it is where nothing is trainable.
        batches: are moved to the state's step first.
        loss_of: (outputs, batch, size) to what the batch adds to the mean over `size` examples.
        report: called after every step.
        until: the step to stop at; default: the recipe's last.

    Raises:
        Diverged: a loss, or a weight at the end, is not finite.
    """
    if state.optimizer is None:
        return
    recipe, progress = state.recipe, state.progress
    last = recipe.steps if until is None else until
    batches.move_to(progress.steps)
    state.called.train()
    every = max(1, recipe.steps // CURVE_POINTS)
    start = time.perf_counter() - progress.seconds
    while progress.steps < last:
        micro_batches = next(batches)
        began = time.perf_counter()
        progress.learning_rate = float(state.schedule.get_last_lr()[0])
        loss, auxiliary = train_step(
            state.called,
            micro_batches,
            loss_of,
            state.optimizer,
            state.accelerator,
            recipe.clip_norm,
        )
        state.schedule.step()
        progress.loss, progress.auxiliary = torch.stack((loss, auxiliary)).tolist()
        progress.step_seconds.append(time.perf_counter() - began)
        progress.steps += 1
        progress.examples += sum(len(batch) for batch in micro_batches)
        progress.tokens += sum(batch.tokens for batch in micro_batches)
        if not math.isfinite(progress.loss):
            raise Diverged(f"loss is {progress.loss} at step {progress.steps}")
        progress.window.append(progress.loss)
        if progress.steps % every == 0:
            mean = sum(progress.window) / len(progress.window)
            progress.curve.append((progress.steps, round(mean, 6)))
            progress.window.clear()
        progress.seconds = time.perf_counter() - start
        report(progress)
    check_finite(state.model, progress.steps)


def check_finite(model: nn.Module, step: int) -> None:
    """Complain of trained tensors that are not finite; the loss is looked at before an update.

    Raises:
        Diverged: there are some.
    """
    found = trained(model)
    lost = [name for name, tensor in found.items() if not torch.isfinite(tensor).all()]
    if lost:
        raise Diverged(
            f"{len(lost)} of {len(found)} trained tensors are not finite after step {step}, "
            f"{lost[0]} among them"
        )
