"""A frozen text encoder with a linear head per task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from transformers import PreTrainedModel
from typing_extensions import override

from seesaw.tasks.backbones.text import load_model
from seesaw.tasks.families.family import ModelFactory, MultiTaskModel
from seesaw.tasks.families.text.batches import Batch
from seesaw.tasks.task import Task
from seesaw.tasks.track import Track


def head_columns(tasks: Sequence[Task]) -> list[slice]:
    """Which outputs are whose: a column per class, or one for a score, side by side."""
    widths = [task.n_classes or 1 for task in tasks]
    ends = np.cumsum(widths)
    return [slice(int(e - w), int(e)) for e, w in zip(ends, widths, strict=True)]


class MultiTaskEncoder(MultiTaskModel):
    """A frozen encoder, whatever adapter is put into it, and one linear head per task.

    Heads stand side by side in one matrix, as `head_columns` says.
    """

    def __init__(self, backbone: PreTrainedModel, tasks: Sequence[Task], told_task: bool) -> None:
        super().__init__(backbone, len(tasks), told_task)
        columns = head_columns(tasks)[-1].stop
        self.heads = nn.Linear(backbone.config.hidden_size, columns)

    @override
    def route(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return batch.task_ids, batch.mask

    def forward(self, batch: Batch) -> Tensor:
        """Outputs of all heads (batch, columns) on the masked mean of the last hidden states."""
        hidden = self.backbone(
            input_ids=batch.input_ids,
            attention_mask=batch.mask,
            token_type_ids=batch.token_type_ids,
        ).last_hidden_state
        mask = batch.mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        outputs: Tensor = self.heads(pooled.to(self.heads.weight.dtype))
        return outputs


class EncoderFactory(ModelFactory):
    """Encoders from the weights' folder, for these tasks."""

    def __init__(self, tasks: Sequence[Task], weights: Path) -> None:
        self.tasks, self.weights = tasks, weights

    @override
    @staticmethod
    def load_backbone(track: Track, weights: Path, meta: bool = False) -> PreTrainedModel:
        return load_model(weights.parent, meta)

    @override
    def backbone(self) -> PreTrainedModel:
        return load_model(self.weights.parent)

    @override
    def model(self, backbone: Any, told_task: bool = False) -> MultiTaskEncoder:
        return MultiTaskEncoder(backbone, self.tasks, told_task)

    @override
    def head(self, model: MultiTaskEncoder, task: int) -> dict[str, Tensor]:
        rows = head_columns(self.tasks)[task]
        return {"weight": model.heads.weight[rows], "bias": model.heads.bias[rows]}
