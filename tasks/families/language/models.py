"""A frozen language model as the suite trains and asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from seesaw.tasks.backbones import language
from seesaw.tasks.families.family import ModelFactory, MultiTaskModel
from seesaw.tasks.families.language.batches import Batch
from seesaw.tasks.families.language.tokens import IGNORED
from seesaw.tasks.families.language.track import InstructionTrack


class LanguageModel(MultiTaskModel):
    """A frozen LM, whatever adapter is put into it, and no heads."""

    backbone: Any

    def __init__(self, backbone: Any, encoder_decoder: bool, n_tasks: int, told_task: bool) -> None:
        super().__init__(backbone, n_tasks, told_task)
        self.encoder_decoder = encoder_decoder

    @override
    def route(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return batch.task_ids, batch.mask

    def forward(self, batch: Batch) -> Tensor:
        """Summed log-likelihood of the labels (batch,), or generated ids (batch, new)."""
        if batch.labels is None:
            return self.generate(batch)
        if self.encoder_decoder:
            output = self.backbone(
                input_ids=batch.input_ids, attention_mask=batch.mask, labels=batch.labels
            )
            return log_likelihood(output.logits, batch.labels)
        # right-padded and causal: what stands before an answer never sees padding
        logits = self.backbone(input_ids=batch.input_ids, use_cache=False).logits
        return log_likelihood(logits[:, :-1], batch.labels[:, 1:])

    def generate(self, batch: Batch) -> Tensor:
        """Greedy, or with beams; ids (batch, new) without the prompt."""
        ids: Tensor = self.backbone.generate(
            input_ids=batch.input_ids,
            attention_mask=batch.mask,
            do_sample=False,
            **(batch.generation or {}),
        )
        return ids[:, 1 if self.encoder_decoder else batch.input_ids.shape[1] :]


def log_likelihood(logits: Tensor, labels: Tensor) -> Tensor:
    """Sum over the labelled tokens of log p, (batch,), from logits (batch, length, vocabulary)."""
    losses = torch.nn.functional.cross_entropy(
        logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
    )
    return -losses.view(labels.shape).sum(1)


class LanguageModelFactory(ModelFactory):
    """Language models from the weights' folder, held in memory as the track's recipe says."""

    def __init__(self, track: InstructionTrack, n_tasks: int, weights: Path) -> None:
        self.track, self.n_tasks, self.weights = track, n_tasks, weights

    @override
    @staticmethod
    def load_backbone(track: InstructionTrack, weights: Path, meta: bool = False) -> nn.Module:
        return language.load(weights.parent, track.recipe.base, track.recipe.checkpointing, meta)

    @override
    def backbone(self) -> nn.Module:
        return self.load_backbone(self.track, self.weights)

    @override
    def model(self, backbone: Any, told_task: bool = False) -> LanguageModel:
        encoder_decoder = language.is_encoder_decoder(self.weights.parent)
        return LanguageModel(backbone, encoder_decoder, self.n_tasks, told_task)

    @override
    def head(self, model: LanguageModel, task: int) -> dict[str, Tensor]:
        return {}
