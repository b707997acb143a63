"""Pre-training of the ViT of `scenes`: semantic segmentation of scenes from seeds of their own.

ASE starts from a backbone that was trained on a single task; so do all methods on `scenes`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from tasks.dense import vit
from tasks.dense.decoders import Light
from tasks.dense.metrics import MeanIoU, Meter
from tasks.dense.transforms import Plain, network_input
from tasks.scenes.data import TASKS, scenes

MODEL = "vit_tiny_patch16_224"
OPTIONS = {"patch_size": 12, "embed_dim": 192, "depth": 6, "num_heads": 3}
WEIGHTS = Path(__file__).parent.parent / "weights" / "scenes-vit.safetensors"


@dataclass(frozen=True)
class Recipe:
    """AdamW, linear warm-up, then a cosine down to zero."""

    scenes: int = 12000
    held_out: int = 300
    side: int = 96
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: float = 0.08
    clip_norm: float = 1.0
    seed: int = 0

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return self.epochs * (self.scenes // self.batch_size)

    def rate(self, step: int) -> float:
        """Learning rate at `step`."""
        warmup = max(1, round(self.warmup * self.steps))
        if step < warmup:
            return self.learning_rate * (step + 1) / warmup
        done = (step - warmup) / max(1, self.steps - warmup)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def pretrain(recipe: Recipe, to: Path, report: Callable[[int, float, float], None]) -> Path:
    """Train the ViT and write its weights in fp16, with the recipe and loss curve beside them.

    The same recipe gives the same bytes on one CPU model with one thread count.

    Args:
        recipe: what is trained.
        to: the safetensors file.
        report: told step, mean loss since the last report, and seconds, every 50 steps.

    Returns:
        `to`.
    """
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    task, side = TASKS[0], (recipe.side, recipe.side)
    backbone = vit.build(MODEL, side, OPTIONS)
    head = Light(backbone.embed_dim, task.outputs)
    model = nn.ModuleList([backbone, head])
    optimizer = torch.optim.AdamW(
        model.parameters(), recipe.learning_rate, (0.9, 0.95), weight_decay=recipe.weight_decay
    )
    samples = scenes("pretraining", recipe.scenes + recipe.held_out, recipe.side)
    held, samples = samples[: recipe.held_out], samples[recipe.held_out :]
    pipeline, rng = Plain(side), np.random.default_rng(recipe.seed)
    curve: list[tuple[int, float]] = []
    window: list[float] = []
    start, step = time.perf_counter(), 0
    for _ in range(recipe.epochs):
        order = rng.permutation(len(samples))
        for at in range(0, len(order) - recipe.batch_size + 1, recipe.batch_size):
            chosen = [pipeline.train(samples[i], rng) for i in order[at : at + recipe.batch_size]]
            labels = torch.from_numpy(np.stack([s.labels[task.name] for s in chosen]))
            images = network_input([s.image for s in chosen])
            loss = task.loss(head(vit.features(backbone, images), side), labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            optimizer.step()
            optimizer.zero_grad()
            window.append(loss.item())
            step += 1
            if step % 50 == 0 or step == recipe.steps:
                curve.append((step, round(sum(window) / len(window), 5)))
                report(*curve[-1], time.perf_counter() - start)
                window = []
    meter = Meter(MeanIoU(task.outputs))
    with torch.inference_mode():
        for sample in held:
            grid = vit.features(backbone, network_input([sample.image]))
            meter.update(task.predict(head(grid, side)[0]).numpy(), sample.labels[task.name])
    state = {name: value.half().contiguous() for name, value in backbone.state_dict().items()}
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(save(state))
    about = {
        "model": MODEL,
        "options": OPTIONS,
        "recipe": asdict(recipe),
        "held_out": meter.compute(),
        "loss_curve": curve,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    to.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n")
    return to
