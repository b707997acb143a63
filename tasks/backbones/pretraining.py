"""Pre-training of the small backbones that come with the suite: one loop, and what it leaves."""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

Report = Callable[[int, float, float], None]
"""Told step, mean loss since the last report, and seconds."""
EVERY = 50
"""Steps between reports."""


@dataclass(frozen=True)
class Recipe(ABC):
    """AdamW unless a recipe has other optimisers, linear warm-up, then a cosine down to zero."""

    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.08
    clip_norm: float = 1.0
    seed: int = 0

    @property
    @abstractmethod
    def steps(self) -> int:
        """Optimiser steps in all."""

    def optimizers(self, model: nn.Module) -> list[Optimizer]:
        """All that step together, at one learning rate."""
        return [self.adamw(model.parameters())]

    def adamw(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """AdamW of some parameters."""
        return torch.optim.AdamW(
            parameters, self.learning_rate, (0.9, 0.95), weight_decay=self.weight_decay
        )

    def rate(self, step: int) -> float:
        """Learning rate at `step`."""
        warmup = max(1, round(self.warmup * self.steps))
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        done = (step - warmup) / max(1, self.steps - warmup)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def fit(
    model: nn.Module, losses: Iterator[Tensor], recipe: Recipe, report: Report
) -> list[tuple[int, float]]:
    """Take a step on each of the losses, which are computed one by one; the loss curve.

    The same recipe gives the same bytes on one CPU model with one thread count, if the caller
    builds `model` from the recipe's seed.
    """
    optimizers = recipe.optimizers(model)
    curve: list[tuple[int, float]] = []
    window: list[float] = []
    start = time.perf_counter()
    for step, loss in enumerate(losses):
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            optimizer.step()
        model.zero_grad()
        window.append(loss.item())
        if (step + 1) % EVERY == 0 or step + 1 == recipe.steps:
            curve.append((step + 1, round(sum(window) / len(window), 5)))
            report(*curve[-1], time.perf_counter() - start)
            window = []
    return curve


def write(
    backbone: nn.Module, to: Path, recipe: Recipe, about: Mapping[str, Any], curve: list[Any]
) -> None:
    """Weights in fp16, and beside them as JSON what they are and how they came about."""
    state = {name: value.half().contiguous() for name, value in backbone.state_dict().items()}
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(save(state))
    told = {
        **about,
        "recipe": asdict(recipe),
        "loss_curve": curve,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    to.with_suffix(".json").write_text(json.dumps(told, indent=1) + "\n")
