"""A frozen language model as the suite trains and asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from seesaw.tasks.families.language.tokens import IGNORED
from seesaw.tasks.families.learner import MultiTaskModel


@dataclass(frozen=True)
class Batch:
    """Tokens (batch, length), their mask, tasks (batch,), and what is wanted of them.

    `labels` (batch, answer length) are scored, for a causal LM in the places of the tokens they
    are. Without labels the model generates, as `generation` says.
    """

    input_ids: Tensor
    mask: Tensor
    task_ids: Tensor
    labels: Tensor | None
    generation: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return self.input_ids.shape[0]

    @property
    def tokens(self) -> int:
        """Tokens without padding, those of a decoder too."""
        count = int(self.mask.sum())
        if self.labels is not None and self.labels.shape != self.input_ids.shape:
            count += int((self.labels != IGNORED).sum())
        return count

    @property
    def shape(self) -> list[int]:
        """Examples, and tokens of each with padding."""
        return list(self.input_ids.shape)

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`."""
        labels = self.labels if self.labels is None else self.labels.to(device)
        return replace(
            self,
            input_ids=self.input_ids.to(device),
            mask=self.mask.to(device),
            task_ids=self.task_ids.to(device),
            labels=labels,
        )


class LanguageModel(MultiTaskModel):
    """A frozen LM, whatever adapter is put into it, and no heads."""

    backbone: Any

    def __init__(self, backbone: Any, encoder_decoder: bool) -> None:
        super().__init__()
        self.backbone: Any = backbone
        self.encoder_decoder = encoder_decoder

    def route(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Every example has one task."""
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
