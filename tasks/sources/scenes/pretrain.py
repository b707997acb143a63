"""Pre-training of the ViT of `scenes`: semantic segmentation of scenes from seeds of their own.

ASE starts from a backbone that was trained on a single task; so do all methods on `scenes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seesaw.tasks.backbones import pretraining, vision
from seesaw.tasks.families.dense.decoders import Light
from seesaw.tasks.families.dense.metrics import MeanIoU, Meter
from seesaw.tasks.families.dense.sample import Sample
from seesaw.tasks.families.dense.transforms import Plain, network_input
from seesaw.tasks.sources.scenes.data import TASKS, scenes

MODEL = "vit_tiny_patch16_224"
OPTIONS = {"patch_size": 12, "embed_dim": 192, "depth": 6, "num_heads": 3}
WEIGHTS = Path(__file__).parents[2] / "weights" / "scenes-vit.safetensors"
TASK = TASKS[0]


@dataclass(frozen=True)
class Recipe(pretraining.Recipe):
    """A recipe with the number of scenes that are trained on and held out, and their side."""

    scenes: int = 12000
    held_out: int = 300
    side: int = 96
    epochs: int = 6

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return self.epochs * (self.scenes // self.batch_size)


def pretrain(recipe: Recipe, to: Path, report: pretraining.Report) -> Path:
    """Train the ViT and write its weights in fp16, with the recipe and loss curve beside them.

    The same recipe gives the same bytes on one CPU model with one thread count.

    Args:
        recipe: what is trained.
        to: the safetensors file.
        report: told how far it is.

    Returns:
        `to`.
    """
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    backbone = vision.build(MODEL, (recipe.side, recipe.side), OPTIONS)
    head = Light(backbone.embed_dim, TASK.outputs)
    samples = scenes("pretraining", recipe.scenes + recipe.held_out, recipe.side)
    held, samples = samples[: recipe.held_out], samples[recipe.held_out :]
    model = nn.ModuleList([backbone, head])
    curve = pretraining.fit(model, _losses(backbone, head, samples, recipe), recipe, report)
    about = {"model": MODEL, "options": OPTIONS, "held_out": _score(backbone, head, held)}
    pretraining.write(backbone, to, recipe, about, curve)
    return to


def _losses(
    backbone: Any, head: nn.Module, samples: Sequence[Sample], recipe: Recipe
) -> Iterator[Tensor]:
    """The loss of every batch of every epoch."""
    side = (recipe.side, recipe.side)
    pipeline, rng = Plain(side), np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        order = rng.permutation(len(samples))
        for at in range(0, len(order) - recipe.batch_size + 1, recipe.batch_size):
            chosen = [pipeline.train(samples[i], rng) for i in order[at : at + recipe.batch_size]]
            labels = torch.from_numpy(np.stack([s.labels[TASK.name] for s in chosen]))
            images = network_input([s.image for s in chosen])
            yield TASK.loss(head(vision.features(backbone, images), side), labels)


def _score(backbone: Any, head: nn.Module, held: Sequence[Sample]) -> dict[str, float]:
    meter = Meter(MeanIoU(TASK.outputs))
    with torch.inference_mode():
        for sample in held:
            grid = vision.features(backbone, network_input([sample.image]))
            outputs = head(grid, sample.image.shape[:2])
            meter.update(TASK.predict(outputs[0]).numpy(), sample.labels[TASK.name])
    return meter.compute()
