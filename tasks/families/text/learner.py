"""Learning sentence tasks with a text encoder: batches, heads, losses, outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from seesaw.tasks.backbones.text import load_model, load_tokenizer
from seesaw.tasks.families.learner import Answers, Learner, MultiTaskModel, Scores, mixed_rows
from seesaw.tasks.families.text.baselines import bag_of_words, constant
from seesaw.tasks.families.text.metrics import score
from seesaw.tasks.families.text.track import SentenceTrack
from seesaw.tasks.task import Example, Task, TaskData
from seesaw.tasks.track import Track


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


class MultiTaskEncoder(MultiTaskModel):
    """A frozen encoder, whatever adapter is put into it, and one linear head per task.

    Heads stand side by side in one matrix of `columns`.
    """

    def __init__(self, backbone: PreTrainedModel, columns: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.heads = nn.Linear(backbone.config.hidden_size, columns)

    def route(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Every example has one task."""
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
        return self.heads(pooled.to(self.heads.weight.dtype))


class SentenceLearner(Learner):
    """Tokens in, loss and outcomes out, for the tasks of one text track.

    Task t owns the columns `columns[t]` of the heads. Regression targets are standardised by the
    training scores' mean and deviation, so that every task's loss starts near 1.
    """

    def __init__(
        self, data: Sequence[TaskData[Task, Example]], weights: Path, max_length: int
    ) -> None:
        self.data, self.weights, self.max_length = data, weights, max_length
        self.tasks = tuple(d.task for d in data)
        widths = [task.n_classes or 1 for task in self.tasks]
        ends = np.cumsum(widths)
        self.columns = [slice(int(e - w), int(e)) for e, w in zip(ends, widths, strict=True)]
        labels = [np.array([e.label for e in d.train]) for d in data]
        self.moments = [
            (0.0, 1.0) if d.task.n_classes else (float(y.mean()), float(y.std()))
            for d, y in zip(data, labels, strict=True)
        ]

    @classmethod
    def open(
        cls, track: SentenceTrack, data: Sequence[TaskData[Task, Example]], weights: Path
    ) -> Self:
        """See `Learner.open`."""
        return cls(data, weights, track.recipe.max_length)

    @staticmethod
    def load_backbone(track: Track, weights: Path, meta: bool = False) -> nn.Module:
        """See `Learner.load_backbone`."""
        return load_model(weights.parent, meta)

    @cached_property
    def sha256(self) -> dict[str, str]:  # type: ignore[override]
        """Hash of every task's examples."""
        return {data.task.name: data.sha256() for data in self.data}

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The backbone's own."""
        return load_tokenizer(self.weights.parent)

    def backbone(self) -> PreTrainedModel:
        """See `Learner.backbone`."""
        return load_model(self.weights.parent)

    def model(self, backbone: Any, told_task: bool = False) -> MultiTaskEncoder:
        """See `Learner.model`."""
        return MultiTaskEncoder(backbone, self.columns[-1].stop)

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
        """Mixed-task batches, each cut by length into micro-batches."""
        for drawn in mixed_rows(order, [len(d.train) for d in self.data], steps, size):
            rows = [(task, self.data[task].train[row]) for task, row in drawn]
            rows.sort(key=lambda row: len(row[1].text_a) + len(row[1].text_b or ""))
            chunks = np.array_split(np.arange(size), micro_batches)
            yield [self.batch([rows[i] for i in chunk]) for chunk in chunks]

    def loss(self, outputs: Tensor, batch: Batch, size: int) -> Tensor:
        """See `Learner.loss`."""
        return self.losses(outputs, batch).sum() / size

    def losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Per-example loss (batch,): cross-entropy, or squared error of standardised scores."""
        losses = outputs.new_zeros(len(batch))
        for index, data in enumerate(self.data):
            chosen = batch.task_ids == index
            own, labels = outputs[chosen][:, self.columns[index]].float(), batch.labels[chosen]
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

    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        """Prediction and target of every example, one task per batch."""
        frames = []
        for outputs, batch, rows in answers:
            task = int(batch.task_ids[0])
            frame = pd.DataFrame({"split": split, "task": self.tasks[task].name, "row": rows})
            frame["prediction"] = self.answers(outputs, task)
            frame["target"] = batch.labels.cpu().numpy()
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @staticmethod
    def scores(outcomes: pd.DataFrame, task: str, metrics: Sequence[str]) -> Scores:
        """See `Learner.scores`."""
        own = outcomes[outcomes["task"] == task]
        return {
            split: score(
                tuple(metrics),
                own.loc[own["split"] == split, "prediction"].to_numpy(dtype=np.float64),
                own.loc[own["split"] == split, "target"].to_numpy(dtype=np.float64),
            )
            for split in ("dev", "test")
        }

    def examples(self, task: int, split: str) -> int:
        """See `Learner.examples`."""
        return len(getattr(self.data[task], split))

    def trivial(self, task: int) -> Scores:
        """The best constant answer, and a linear model on word counts."""
        data = self.data[task]
        return {"constant": constant(data), "bag_of_words": bag_of_words(data)}

    def head(self, model: MultiTaskEncoder, task: int) -> dict[str, Tensor]:
        """See `Learner.head`."""
        rows = self.columns[task]
        return {"weight": model.heads.weight[rows], "bias": model.heads.bias[rows]}

    def answers(self, outputs: Tensor, task: int) -> np.ndarray:
        """Predictions (batch,) of one task from the outputs of all heads: class or score."""
        own = outputs[:, self.columns[task]].float().cpu().numpy()
        if self.data[task].task.n_classes:
            return own.argmax(-1).astype(np.float32)
        mean, deviation = self.moments[task]
        return own[:, 0] * deviation + mean
