"""A frozen vision transformer with a decoder per task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from seesaw.tasks.backbones import vision
from seesaw.tasks.families.dense.batches import Batch
from seesaw.tasks.families.dense.decoders import DECODERS
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.dense.track import DenseTrack
from seesaw.tasks.families.family import ModelFactory, MultiTaskModel


class DenseModel(MultiTaskModel):
    """A frozen ViT, whatever adapter is put into it, and one decoder per task.

    A method that is told the task sees every image once per task, as one larger batch, task after
    task; the others once for all.
    """

    def __init__(
        self, backbone: Any, tasks: Sequence[DenseTask], decoder: str, told_task: bool
    ) -> None:
        super().__init__(backbone, len(tasks), told_task)
        self.passes = len(tasks) if told_task else 1
        width = backbone.embed_dim
        heads = {task.name: DECODERS[decoder](width, task.outputs) for task in tasks}
        self.heads = nn.ModuleDict(heads)

    @override
    def route(self, batch: Batch) -> tuple[Tensor | None, None]:
        # nothing is padded; an image that passes once is every task's
        if not self.told_task:
            return None, None
        tasks = torch.arange(self.passes, device=batch.images.device)
        return tasks.repeat_interleave(len(batch)), None

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Outputs (batch, channels, h, w) by task."""
        grid = vision.features(self.backbone, batch.images, self.passes)
        grids = grid.chunk(self.passes) * (len(self.heads) // self.passes)
        size = (batch.images.shape[-2], batch.images.shape[-1])
        return {
            name: head(own, size)
            for (name, head), own in zip(self.heads.items(), grids, strict=True)
        }


class DenseFactory(ModelFactory):
    """Vision transformers from a weights file, at the track's input size."""

    def __init__(self, track: DenseTrack, tasks: Sequence[DenseTask], weights: Path) -> None:
        self.track, self.tasks, self.weights = track, tasks, weights

    @override
    @staticmethod
    def load_backbone(track: DenseTrack, weights: Path, meta: bool = False) -> nn.Module:
        own, size = track.backbone, track.recipe.size
        if meta:
            return vision.build(own.model, size, own.options, "meta").requires_grad_(False)
        return vision.load(vision.build(own.model, size, own.options), weights)

    @override
    def backbone(self) -> nn.Module:
        return self.load_backbone(self.track, self.weights)

    @override
    def model(self, backbone: nn.Module, told_task: bool = False) -> DenseModel:
        return DenseModel(backbone, self.tasks, self.track.recipe.decoder, told_task)

    @override
    def head(self, model: DenseModel, task: int) -> dict[str, Tensor]:
        return model.heads[self.tasks[task].name].state_dict()
