"""Losses, outcomes and scores of sentence tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch.nn.functional as F
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.scoring import Answers, Scores, Scoring, named
from seesaw.tasks.families.text.baselines import bag_of_words, constant
from seesaw.tasks.families.text.batches import Batch, SentenceBatches
from seesaw.tasks.families.text.metrics import score
from seesaw.tasks.families.text.models import head_columns
from seesaw.tasks.task import SCORED


class SentenceScoring(Scoring):
    """Task t owns the columns `columns_of[t]` of the outputs.

    Regression targets are standardised by the training scores' mean and deviation (`moments`), so
    that every task's loss starts near 1.
    """

    columns = ("split", "task", "row", "prediction", "target")

    def __init__(self, batches: SentenceBatches) -> None:
        self.batches, self.data = batches, batches.data
        self.columns_of = head_columns([d.task for d in self.data])
        labels = [np.array([e.label for e in d.train]) for d in self.data]
        self.moments = [
            (0.0, 1.0) if d.task.n_classes else (float(y.mean()), float(y.std()) or 1.0)
            for d, y in zip(self.data, labels, strict=True)
        ]

    @override
    def loss(self, outputs: Tensor, batch: Batch, size: int) -> Tensor:
        return self.losses(outputs, batch).sum() / size

    def losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Per-example loss (batch,): cross-entropy, or squared error of standardised scores."""
        losses = outputs.new_zeros(len(batch))
        for index, data in enumerate(self.data):
            chosen = batch.task_ids == index
            own, labels = outputs[chosen][:, self.columns_of[index]].float(), batch.labels[chosen]
            if data.task.n_classes:
                losses[chosen] = F.cross_entropy(own, labels.long(), reduction="none")
            else:
                mean, deviation = self.moments[index]
                losses[chosen] = (own.squeeze(-1) - (labels - mean) / deviation) ** 2
        return losses

    @override
    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        # batches hold one task each
        frames = []
        for outputs, batch, rows in answers:
            task = int(batch.task_ids[0])
            frame = pd.DataFrame({"split": split, "task": self.data[task].task.name, "row": rows})
            frame["prediction"] = self.predictions(outputs, task)
            frame["target"] = batch.labels.cpu().numpy()
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def predictions(self, outputs: Tensor, task: int) -> np.ndarray:
        """Predictions (batch,) of one task from the outputs of all heads: class or score."""
        own = outputs[:, self.columns_of[task]].float().cpu().numpy()
        if self.data[task].task.n_classes:
            return own.argmax(-1).astype(np.float32)
        mean, deviation = self.moments[task]
        return own[:, 0] * deviation + mean

    @override
    @staticmethod
    def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
        prediction, target = (
            outcomes[name].to_numpy(dtype=np.float64) for name in ("prediction", "target")
        )
        return score(tuple(metrics), prediction, target)

    @override
    def trivial(self, task: int) -> Scores:
        data = self.data[task]
        return {"constant": constant(data), "bag_of_words": bag_of_words(data)}

    @override
    def expected(self) -> pd.DataFrame:
        rows = [
            (split, data.task.name, row, example.label, data.task.n_classes)
            for split in SCORED
            for data in self.data
            for row, example in enumerate(data.split(split))
        ]
        return pd.DataFrame(rows, columns=["split", "task", "row", "label", "classes"])

    @override
    def contradictions(self, expected: pd.DataFrame, found: pd.DataFrame) -> Iterator[str]:
        target, prediction = (
            pd.to_numeric(found[name], errors="coerce").to_numpy(np.float32)
            for name in ("target", "prediction")
        )
        # in the precision that outcomes are stored in
        other = target != expected["label"].to_numpy(np.float32)
        if other.any():
            yield named(found[other], self.key, "have another target than the data")
        classes = expected["classes"].fillna(np.inf).to_numpy(np.float64)
        possible = np.isfinite(prediction) & (
            np.isinf(classes)
            | ((prediction >= 0) & (prediction < classes) & (prediction == np.floor(prediction)))
        )
        if not possible.all():
            yield named(found[~possible], self.key, "have a prediction that is no class or number")
