"""Texts and text pairs as batches of tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase as Tokenizer
from typing_extensions import override

from seesaw.tasks.backbones.text import load_tokenizer
from seesaw.tasks.families.batches import Batches, mixed_rows
from seesaw.tasks.task import Example, Task, TaskData

Data = TaskData[Task, Example]


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

    @property
    def shape(self) -> list[int]:
        """Examples, and tokens of each with padding."""
        return list(self.input_ids.shape)

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`."""
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})


class SentenceBatches(Batches):
    """Examples as tokens of the encoder whose folder holds the tokenizer.

    Args:
        data: by task.
        folder: of the encoder.
        max_length: tokens that a text or pair is cut to.
    """

    def __init__(self, data: Sequence[Data], folder: Path, max_length: int) -> None:
        self.data, self.folder, self.max_length = data, folder, max_length

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The encoder's own."""
        return load_tokenizer(self.folder)

    def batch(self, rows: Sequence[tuple[int, Example]]) -> Batch:
        """(task, example) rows, padded to the longest."""
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

    @override
    def train(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        # mixed tasks, each batch cut by length into its micro-batches
        for drawn in mixed_rows(order, [len(d.train) for d in self.data], steps, size):
            rows = [(task, self.data[task].train[row]) for task, row in drawn]
            rows.sort(key=lambda row: _length(row[1]))
            chunks = np.array_split(np.arange(size), micro_batches)
            yield [self.batch([rows[i] for i in chunk]) for chunk in chunks]

    @override
    def eval(self, split: str, size: int) -> Iterator[tuple[Batch, list[int]]]:
        # task by task, so that a batch has one task, and sorted by length
        for index, data in enumerate(self.data):
            examples = data.split(split)
            rows = sorted(range(len(examples)), key=lambda row: _length(examples[row]))
            for start in range(0, len(rows), size):
                chunk = rows[start : start + size]
                yield self.batch([(index, examples[row]) for row in chunk]), chunk

    @override
    def examples(self, task: int, split: str) -> int:
        return len(self.data[task].split(split))

    @override
    def eval_size(self, split: str) -> int:
        return sum(len(data.split(split)) for data in self.data)


def _length(example: Example) -> int:
    """Characters of both texts."""
    return len(example.text_a) + len(example.text_b or "")
