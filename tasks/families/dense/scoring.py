"""Losses, outcomes and scores of dense tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense.batches import Batch, DenseBatches
from seesaw.tasks.families.dense.outcomes import Constant, Labelled, Measured, values, wrong
from seesaw.tasks.families.dense.sample import Array
from seesaw.tasks.families.scoring import Answers, Scores, Scoring, named
from seesaw.tasks.parallel import helping, mapped
from seesaw.tasks.task import SCORED

SEEN = 300
"""Training images that constant predictions are made from."""


class DenseScoring(Scoring):
    """All tasks are scored on an image at once, on what its metrics' statistics add up to."""

    key = ("split", "task", "family", "row")
    columns = (*key, "statistics")

    def __init__(self, batches: DenseBatches) -> None:
        self.batches: DenseBatches = batches
        self.data, self.tasks = batches.data, batches.data.tasks

    @override
    def loss(self, outputs: Mapping[str, Tensor], batch: Batch, size: int) -> Tensor:
        # the weighted sum over tasks, each a mean over the micro-batch's labelled pixels
        losses = [
            task.weight * task.loss(outputs[task.name].float(), batch.labels[task.name])
            for task in self.tasks
        ]
        return torch.stack(losses).sum() * (len(batch) / size)

    @property
    def measured(self) -> Measured:
        """What gives an image's statistics, of every task and metric family."""
        return Measured({task.name: task.measures() for task in self.tasks})

    @override
    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        jobs = (
            (
                row,
                self.predicted(outputs, batch, index),
                batch.samples[index].labels,
                batch.samples[index].scored,
            )
            for outputs, batch, rows in answers
            for index, row in enumerate(rows)
        )
        processes = helping(self.batches.examples(0, split))
        found = mapped(self.measured, jobs, processes, chunk=8)
        rows = [(split, *row) for image in found for row in image]
        return pd.DataFrame(rows, columns=list(self.columns))

    def predicted(
        self, outputs: Mapping[str, Tensor], batch: Batch, index: int
    ) -> dict[str, Array]:
        """Predictions by task for one image of a batch, at its own size."""
        size = batch.samples[index].image.shape[:2]
        predicted = self.batches.pipeline.predicted
        return {
            task.name: predicted(task, outputs[task.name][index].float(), size)
            for task in self.tasks
        }

    @override
    @staticmethod
    def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
        return values(outcomes, metrics)

    @override
    def trivial(self, task: int) -> Scores:
        # the same prediction for every pixel of every test image
        return {"constant": self.constants[self.tasks[task].name]}

    @cached_property
    def constants(self) -> dict[str, dict[str, float]]:
        """Test scores, by task, of the constant that is best on the first training labels."""
        train, test = self.data.splits["train"], self.data.splits["test"]
        samples = [train[index] for index in range(min(len(train), SEEN))]
        guesses = {t.name: t.constant([s.labels[t.name] for s in samples]) for t in self.tasks}
        processes = helping(len(test)) if self.data.on_disk else 1
        found = mapped(Constant(test, guesses, self.measured), range(len(test)), processes)
        rows = [("test", *row) for image in found for row in image]
        frame = pd.DataFrame(rows, columns=list(self.columns))
        return {
            task.name: values(frame[frame["task"] == task.name], task.metrics)
            for task in self.tasks
        }

    @override
    def expected(self) -> pd.DataFrame:
        rows = []
        for split in SCORED:
            images = self.data.splits[split]
            processes = helping(len(images)) if self.data.on_disk else 1
            labelled = mapped(Labelled(images, self.measured), range(len(images)), processes)
            rows += [(split, *row) for image in labelled for row in image]
        return pd.DataFrame(rows, columns=[*self.key, "label"])

    @override
    def contradictions(self, expected: pd.DataFrame, found: pd.DataFrame) -> Iterator[str]:
        measures = {task.name: task.measures() for task in self.tasks}
        reasons = np.array(
            [
                wrong(measures[task][family], statistics, label)
                for task, family, label, statistics in zip(
                    expected["task"], expected["family"], expected["label"], found["statistics"],
                    strict=True,
                )
            ],
            object,
        )  # fmt: skip
        for reason in dict.fromkeys(filter(None, reasons)):
            yield named(found[reasons == reason], self.key, reason)
