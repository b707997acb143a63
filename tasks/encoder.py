"""Learning sentence tasks with a text encoder: batches, heads, losses, outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from tasks.task import Example, TaskData


@dataclass(frozen=True)
class Batch:
    """Tokens (batch, length), their mask, and per example its task and label (batch,)."""

    input_ids: Tensor
    mask: Tensor
    token_type_ids: Tensor
    task_ids: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return self.labels.shape[0]

    @property
    def tokens(self) -> int:
        """Tokens without padding."""
        return int(self.mask.sum())

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`."""
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})


class MultiTaskEncoder(nn.Module):
    """A frozen encoder, whatever adapter is put into it, and one linear head per task.

    Heads stand side by side in one matrix; task t owns the columns `columns[t]`.
    """

    def __init__(self, backbone: PreTrainedModel, data: Sequence[TaskData]) -> None:
        super().__init__()
        self.backbone: nn.Module = backbone
        widths = [d.task.n_classes or 1 for d in data]
        ends = np.cumsum(widths)
        self.columns = [slice(int(e - w), int(e)) for e, w in zip(ends, widths, strict=True)]
        self.heads = nn.Linear(backbone.config.hidden_size, int(ends[-1]))

    def forward(self, batch: Batch) -> Tensor:
        """Outputs of all heads (batch, columns) on the masked mean of the last hidden states."""
        hidden = self.backbone(
            input_ids=batch.input_ids,
            attention_mask=batch.mask,
            token_type_ids=batch.token_type_ids,
        ).last_hidden_state
        mask = batch.mask.unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        return self.heads(pooled.to(self.heads.weight.dtype))


class SentenceLearner:
    """Tokens in, loss and outcomes out, for the tasks of one text track.

    Regression targets are standardised by the training scores' mean and deviation, so that every
    task's loss starts near 1.
    """

    def __init__(self, data: Sequence[TaskData], tokenizer: Tokenizer, max_length: int) -> None:
        self.data, self.tokenizer, self.max_length = data, tokenizer, max_length
        labels = [np.array([e.label for e in d.train]) for d in data]
        self.moments = [
            (0.0, 1.0) if d.task.n_classes else (float(y.mean()), float(y.std()))
            for d, y in zip(data, labels, strict=True)
        ]

    def batch(self, rows: Sequence[tuple[int, Example]]) -> Batch:
        """Tokenise (task index, example) rows and pad them to the longest."""
        encoded = [
            self.tokenizer(e.text_a, e.text_b, truncation=True, max_length=self.max_length)
            for _, e in rows
        ]
        padded = self.tokenizer.pad(encoded, return_tensors="pt")
        ids = padded["input_ids"]
        return Batch(
            input_ids=ids,
            mask=padded["attention_mask"],
            token_type_ids=padded.get("token_type_ids", torch.zeros_like(ids)),
            task_ids=torch.tensor([task for task, _ in rows]),
            labels=torch.tensor([e.label for _, e in rows]),
        )

    def train_batches(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        """Mixed-task batches, each cut by length into micro-batches.

        Tasks take turns in shuffled rounds, so every batch holds all of them about equally often;
        each task goes through its own examples in shuffled epochs.
        """
        tasks = _endless(order, len(self.data))
        examples = [_endless(order, len(d.train)) for d in self.data]
        for _ in range(steps):
            rows = [
                (task, self.data[task].train[next(examples[task])])
                for _, task in zip(range(size), tasks, strict=False)
            ]
            rows.sort(key=lambda row: len(row[1].text_a) + len(row[1].text_b or ""))
            chunks = np.array_split(np.arange(size), micro_batches)
            yield [self.batch([rows[i] for i in chunk]) for chunk in chunks]

    def losses(self, outputs: Tensor, batch: Batch, columns: Sequence[slice]) -> Tensor:
        """Per-example loss (batch,): cross-entropy, or squared error of standardised scores."""
        losses = outputs.new_zeros(len(batch))
        for index, data in enumerate(self.data):
            chosen = batch.task_ids == index
            own, labels = outputs[chosen][:, columns[index]].float(), batch.labels[chosen]
            if data.task.n_classes:
                losses[chosen] = F.cross_entropy(own, labels.long(), reduction="none")
            else:
                mean, deviation = self.moments[index]
                losses[chosen] = (own.squeeze(-1) - (labels - mean) / deviation) ** 2
        return losses

    def eval_batches(self, split: str, size: int) -> Iterator[tuple[Batch, list[int]]]:
        """Every example of a split once, task by task, sorted by length; with its row number."""
        for index, data in enumerate(self.data):
            examples: Sequence[Example] = getattr(data, split)
            rows = sorted(
                range(len(examples)),
                key=lambda row: len(examples[row].text_a) + len(examples[row].text_b or ""),
            )
            for start in range(0, len(rows), size):
                chunk = rows[start : start + size]
                yield self.batch([(index, examples[row]) for row in chunk]), chunk

    def answers(self, outputs: Tensor, task: int, columns: Sequence[slice]) -> np.ndarray:
        """Predictions (batch,) of one task from the outputs of all heads: class or score."""
        own = outputs[:, columns[task]].float().cpu().numpy()
        if self.data[task].task.n_classes:
            return own.argmax(-1).astype(np.float32)
        mean, deviation = self.moments[task]
        return own[:, 0] * deviation + mean


def _endless(order: np.random.Generator, size: int) -> Iterator[int]:
    """0 ... size - 1 in one shuffled round after another."""
    while True:
        yield from order.permutation(size).tolist()
