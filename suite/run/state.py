"""How far a training is: its progress, its batches, and all it needs to go on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from seesaw.suite.run.model import load_trained, trained
from seesaw.tasks.families.family import MultiTaskModel
from seesaw.tasks.track import Recipe


@dataclass
class Progress:
    """What the loop has done so far."""

    steps: int = 0
    examples: int = 0
    tokens: int = 0
    loss: float = math.nan
    auxiliary: float = 0.0
    """The auxiliary losses of the last step, which `loss` is without."""
    learning_rate: float = 0.0
    """Of the last step."""
    seconds: float = 0.0
    step_seconds: list[float] = field(default_factory=list)
    curve: list[tuple[int, float]] = field(default_factory=list)
    window: list[float] = field(default_factory=list)
    """Losses since the last point of the curve."""
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


class Cursor:
    """The batches of a run in their order, and how many of them were taken."""

    def __init__(self, batches: Iterator[list[Any]]) -> None:
        self.batches, self.taken = batches, 0

    def __iter__(self) -> Iterator[list[Any]]:
        return self

    def __next__(self) -> list[Any]:
        batch = next(self.batches)
        self.taken += 1
        return batch

    def move_to(self, taken: int) -> None:
        """Pass over batches until so many are taken."""
        while self.taken < taken:
            next(self)


class TrainingState:
    """All that a training needs to go on from where it is, but for its batches.

    A model without anything trainable has no optimiser and stays as it is.
    """

    def __init__(
        self, model: MultiTaskModel, recipe: Recipe, accelerator: Accelerator, factor: float = 1.0
    ) -> None:
        self.model, self.recipe, self.accelerator = model, recipe, accelerator
        self.progress = Progress()
        self.optimizer: Any = None
        if any(p.requires_grad for p in model.parameters()):
            optimizer = make_optimizer(model, recipe, factor)
            self.schedule = torch.optim.lr_scheduler.LambdaLR(
                optimizer, lambda step: learning_rate(step, recipe)
            )
            self.called, self.optimizer = accelerator.prepare(model, optimizer)

    def state_dict(self) -> dict[str, Any]:
        """Trained tensors, optimiser, schedule, progress and torch's generator."""
        return {
            "trained": {name: tensor.clone() for name, tensor in trained(self.model).items()},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "progress": asdict(self.progress),
            "generator": torch.get_rng_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave, also in another process.

        Raises:
            KeyError: it belongs to another model.
        """
        load_trained(self.model, state["trained"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.progress = Progress(**state["progress"])
        torch.set_rng_state(state["generator"])


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
