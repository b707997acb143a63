"""Instructions as batches of tokens: answers to be scored, and prompts to be continued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.backbones import language
from seesaw.tasks.families.batches import Batches, mixed_rows
from seesaw.tasks.families.language.instruction import Data
from seesaw.tasks.families.language.tokens import IGNORED, Encoder
from seesaw.tasks.families.language.track import InstructionRecipe
from seesaw.tasks.families.scoring import EVAL_BATCH

HELD_OUT = "held-out.txt"
"""General text beside the weights, a row a line; what is forgotten is measured on it."""
Line = tuple[int, int]
"""Row of an example, and which of its choices; 0 where it generates."""


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


class InstructionBatches(Batches):
    """Examples as tokens of the language model whose folder holds the tokenizer.

    Args:
        data: by task.
        folder: of the language model.
        recipe: says how long a prompt with its answer may be, and what is learnt of both.
    """

    def __init__(self, data: Sequence[Data], folder: Path, recipe: InstructionRecipe) -> None:
        self.data, self.folder, self.recipe = data, folder, recipe
        self.encoder_decoder = language.is_encoder_decoder(folder)

    @cached_property
    def encoder(self) -> Encoder:
        """The backbone's own tokens."""
        tokenizer = language.tokenizer(self.folder)
        return Encoder(tokenizer, self.recipe.max_length, self.encoder_decoder, self.cut)

    def scored(self, rows: Sequence[tuple[int, str, str]], split: str, end: bool) -> Batch:
        """(task, prompt, answer) rows whose answers are scored, padded on the right."""
        encoder, pad = self.encoder, self.encoder.tokenizer.pad_token_id
        pairs = [encoder.pair(prompt, answer, split, end) for _, prompt, answer in rows]
        if self.encoder_decoder:
            ids, mask = encoder.padded([prompt for prompt, _ in pairs], pad, left=False)
            labels, _ = encoder.padded([answer for _, answer in pairs], IGNORED, left=False)
        else:
            ids, mask = encoder.padded([[*a, *b] for a, b in pairs], pad, left=False)
            learnt = end and self.recipe.loss_on == "all"
            hidden = [a if learnt else [IGNORED] * len(a) for a, _ in pairs]
            own = [[*a, *b] for a, (_, b) in zip(hidden, pairs, strict=True)]
            labels, _ = encoder.padded(own, IGNORED, left=False)
        return Batch(ids, mask, torch.tensor([task for task, *_ in rows]), labels)

    def generated(self, task: int, prompts: Sequence[str], split: str) -> Batch:
        """Prompts of one task that are to be continued, padded on the left."""
        encoder, own = self.encoder, self.data[task].task
        rows = [encoder.prompt(prompt, own.max_new_tokens, split) for prompt in prompts]
        pad = encoder.tokenizer.pad_token_id
        ids, mask = encoder.padded(rows, pad, left=not self.encoder_decoder)
        options = {
            "max_new_tokens": own.max_new_tokens,
            "num_beams": own.beams,
            "pad_token_id": pad,
            "eos_token_id": encoder.tokenizer.eos_token_id,
        }
        return Batch(ids, mask, torch.full((len(rows),), task), None, options)

    @override
    def train(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        # mixed tasks, each batch cut by length into its micro-batches
        for drawn in mixed_rows(order, [len(d.train) for d in self.data], steps, size):
            examples = [(task, *self.data[task].train[row][:2]) for task, row in drawn]
            examples.sort(key=lambda e: len(e[1]) + len(e[2]))
            chunks = np.array_split(np.arange(size), micro_batches)
            yield [self.scored([examples[i] for i in part], "train", end=True) for part in chunks]

    @override
    def eval(self, split: str, size: int) -> Iterator[tuple[Batch, list[Line]]]:
        # task by task and sorted by length: choices first, then what is generated
        for index, data in enumerate(self.data):
            examples = data.split(split)
            rows = sorted(range(len(examples)), key=lambda row: len(examples[row].prompt))
            if data.task.ranks:
                lines = [(row, k) for row in rows for k in range(len(examples[row].choices))]
                for start in range(0, len(lines), size):
                    part = lines[start : start + size]
                    texts = [
                        (index, examples[row].prompt, examples[row].choices[k]) for row, k in part
                    ]
                    yield self.scored(texts, split, end=False), part
            if data.task.generates:
                for start in range(0, len(rows), size):
                    chunk = rows[start : start + size]
                    prompts = [examples[row].prompt for row in chunk]
                    yield self.generated(index, prompts, split), [(row, 0) for row in chunk]

    @override
    def examples(self, task: int, split: str) -> int:
        return len(self.data[task].split(split))

    def lines(self, task: int, split: str) -> int:
        """Texts that scoring a task's split takes: all choices, and what is generated."""
        examples, own = self.data[task].split(split), self.data[task].task
        choices = sum(len(e.choices) for e in examples) if own.ranks else 0
        return choices + (len(examples) if own.generates else 0)

    @override
    def eval_size(self, split: str) -> int:
        return sum(self.lines(task, split) for task in range(len(self.data)))

    @override
    def shown(self) -> Iterator[Batch]:
        # prompts with their answers, since lm-eval does not say what is padding
        for task, data in enumerate(self.data):
            for start in range(0, len(data.test), EVAL_BATCH):
                rows = [(task, *e[:2]) for e in data.test[start : start + EVAL_BATCH]]
                yield self.scored(rows, "test", end=True)

    @override
    def general(self) -> Iterator[tuple[Batch, int]]:
        # the text beside the weights, row by row, each task's id as often as any other's
        path = self.folder / HELD_OUT
        if not path.is_file() or self.encoder_decoder:
            return
        encoder = self.encoder
        rows = [encoder.tokenizer.encode(text) for text in path.read_text().splitlines()]
        rows = [row[: encoder.max_length] for row in rows if len(row) > 1]
        for start in range(0, len(rows), EVAL_BATCH):
            part = rows[start : start + EVAL_BATCH]
            ids, mask = encoder.padded(part, encoder.tokenizer.pad_token_id, left=False)
            labels = ids.where(mask > 0, IGNORED)
            tasks = torch.arange(start, start + len(part)) % len(self.data)
            yield Batch(ids, mask, tasks, labels), int(mask.sum()) - len(part)
