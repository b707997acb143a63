"""The training loop: one, the same for every method; it calls hooks and knows no method."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from seesaw.methods import after_step, routing
from seesaw.tasks.families.learner import MultiTaskModel
from seesaw.tasks.track import Recipe

CURVE_POINTS = 60
"""Points of the stored loss curve."""


class Diverged(RuntimeError):
    """The loss is not a finite number any more."""


@dataclass
class Progress:
    """What the loop has done so far."""

    steps: int = 0
    examples: int = 0
    tokens: int = 0
    loss: float = math.nan
    seconds: float = 0.0
    step_seconds: list[float] = field(default_factory=list)
    curve: list[tuple[int, float]] = field(default_factory=list)
    scored: int = 0
    to_score: int = 0
    """Examples that are scored after training, dev and test together."""

    @property
    def step_median(self) -> float:
        """Median seconds per optimiser step; 0 without any."""
        return median(self.step_seconds) if self.step_seconds else 0.0

    def per_second(self, count: int) -> float:
        """`count` over the seconds of training; 0 if nothing was trained."""
        return count / self.seconds if self.seconds else 0.0


def make_optimizer(model: nn.Module, recipe: Recipe, factor: float = 1.0) -> torch.optim.AdamW:
    """AdamW over everything trainable, fused: adapters are many small tensors.

    `factor` times the recipe's learning rate is the peak.
    """
    trainable = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        trainable, lr=factor * recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )


def learning_rate(step: int, recipe: Recipe) -> float:
    """Share of the peak learning rate at `step`: linear warm-up, then linear decay to zero."""
    warmup = max(1, round(recipe.warmup * recipe.steps))
    if step < warmup:
        return (step + 1) / warmup
    return (recipe.steps - step) / max(1, recipe.steps - warmup)


def train_step(
    model: MultiTaskModel,
    micro_batches: list[Any],
    loss_of: Callable[[Any, Any, int], Tensor],
    optimizer: torch.optim.Optimizer,
    accelerator: Accelerator,
    clip_norm: float,
) -> Tensor:
    """One optimiser step over the micro-batches of one batch; the mean loss per example.

    The routing state is held until after backward, so that checkpointing sees it again.
    """
    size = sum(len(batch) for batch in micro_batches)
    total = torch.zeros((), device=accelerator.device)
    for batch in micro_batches:
        batch = batch.to(accelerator.device)
        with routing(model, *model.route(batch)) as state:
            with accelerator.autocast():
                outputs = model(batch)
            loss = loss_of(outputs, batch, size)
            share = len(batch) / size
            accelerator.backward(loss + share * state.auxiliary_loss())
        total += loss.detach()
    accelerator.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    optimizer.zero_grad()
    after_step(model)
    return total


def train(
    model: MultiTaskModel,
    batches: Iterable[list[Any]],
    loss_of: Callable[[Any, Any, int], Tensor],
    recipe: Recipe,
    accelerator: Accelerator,
    report: Callable[[Progress], None],
    factor: float = 1.0,
) -> Progress:
    """Train `model` on `batches` (one list of micro-batches per step).

    A model without anything trainable stays as it is: a language model has no heads.

    Args:
        loss_of: (outputs, batch, size) to what the batch adds to the mean over `size` examples.
        report: called after every step.
        factor: of the learning rate, 1 for every method that is compared.

    Raises:
        Diverged: the loss stopped being finite.
    """
    if not any(p.requires_grad for p in model.parameters()):
        return Progress()
    optimizer = make_optimizer(model, recipe, factor)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: learning_rate(s, recipe))
    model, optimizer = accelerator.prepare(model, optimizer)
    model.train()
    progress, window = Progress(), []
    every = max(1, recipe.steps // CURVE_POINTS)
    start = time.perf_counter()
    for micro_batches in batches:
        began = time.perf_counter()
        loss = train_step(model, micro_batches, loss_of, optimizer, accelerator, recipe.clip_norm)
        schedule.step()
        progress.loss = loss.item()
        progress.step_seconds.append(time.perf_counter() - began)
        progress.steps += 1
        progress.examples += sum(len(batch) for batch in micro_batches)
        progress.tokens += sum(batch.tokens for batch in micro_batches)
        if not math.isfinite(progress.loss):
            raise Diverged(f"loss is {progress.loss} at step {progress.steps}")
        window.append(progress.loss)
        if progress.steps % every == 0:
            progress.curve.append((progress.steps, round(sum(window) / len(window), 6)))
            window = []
        progress.seconds = time.perf_counter() - start
        report(progress)
    return progress
