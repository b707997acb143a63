"""Learning dense tasks with a frozen vision transformer: batches, decoders, losses, outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seesaw.tasks.backbones import vision
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.decoders import DECODERS
from seesaw.tasks.families.dense.outcomes import COLUMNS, Constant, Measured, values
from seesaw.tasks.families.dense.pipelines import PIPELINES
from seesaw.tasks.families.dense.sample import Array, Images, Sample
from seesaw.tasks.families.dense.sheet import sheet
from seesaw.tasks.families.dense.task_types import DenseTask, as_array
from seesaw.tasks.families.dense.track import DenseTrack
from seesaw.tasks.families.dense.transforms import Pipeline, network_input
from seesaw.tasks.families.learner import Answers, Learner, MultiTaskModel, Scores, endless
from seesaw.tasks.parallel import cpus, mapped

SHOWN = 3
"""Images of a picture."""
SEEN = 300
"""Training images that constant predictions are made from."""


@dataclass(frozen=True)
class Batch:
    """Normalised images (batch, 3, h, w), the samples they are, and labels to train on by task."""

    images: Tensor
    samples: Sequence[Sample]
    patches: int
    labels: Mapping[str, Tensor]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def tokens(self) -> int:
        """Patches, of one pass."""
        return len(self) * self.patches

    @property
    def shape(self) -> list[int]:
        """Images, and patches of each."""
        return [len(self), self.patches]

    def to(self, device: torch.device) -> Batch:
        """The batch on `device`."""
        labels = {task: label.to(device) for task, label in self.labels.items()}
        return replace(self, images=self.images.to(device), labels=labels)


class DenseModel(MultiTaskModel):
    """A frozen ViT, whatever adapter is put into it, and one decoder per task.

    A method that is told the task sees every image once per task, as one larger batch, task after
    task; the others once for all.
    """

    def __init__(
        self, backbone: Any, tasks: Sequence[DenseTask], decoder: str, told_task: bool
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.passes = len(tasks) if told_task else 1
        width = backbone.embed_dim
        heads = {task.name: DECODERS[decoder](width, task.outputs) for task in tasks}
        self.heads = nn.ModuleDict(heads)

    def route(self, batch: Batch) -> tuple[Tensor | None, None]:
        """Every task's id once per image, if the method is told; nothing is padded."""
        if self.passes == 1:
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


class DenseLearner(Learner):
    """Images in, loss and outcomes out, for the tasks of one dense track."""

    key = ("split", "task", "family", "row")

    def __init__(self, track: DenseTrack, data: DenseData, weights: Path) -> None:
        self.track, self.data, self.weights = track, data, weights
        self.tasks: tuple[DenseTask, ...] = data.tasks
        self.sha256 = data.sha256
        self.pipeline = PIPELINES[track.recipe.pipeline](track.recipe.size)
        shape: Any = self.load_backbone(track, weights, meta=True)
        self.patches = int(shape.patch_embed.num_patches)

    @classmethod
    def open(cls, track: DenseTrack, data: DenseData, weights: Path) -> Self:
        """See `Learner.open`."""
        return cls(track, data, weights)

    @staticmethod
    def load_backbone(track: DenseTrack, weights: Path, meta: bool = False) -> nn.Module:
        """See `Learner.load_backbone`."""
        own, size = track.backbone, track.recipe.size
        if meta:
            return vision.build(own.model, size, own.options, "meta").requires_grad_(False)
        return vision.load(vision.build(own.model, size, own.options), weights)

    def backbone(self) -> nn.Module:
        """See `Learner.backbone`."""
        return self.load_backbone(self.track, self.weights)

    def model(self, backbone: nn.Module, told_task: bool = False) -> DenseModel:
        """See `Learner.model`."""
        return DenseModel(backbone, self.tasks, self.track.recipe.decoder, told_task)

    def train_batches(
        self, order: Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        """Images in shuffled epochs, each with a seed of its own for its augmentation."""
        images = self.data.splits["train"]
        rounds = endless(order, len(images))
        drawn = [[next(rounds) for _ in range(size)] for _ in range(steps)]
        seeds = order.integers(2**63, size=(steps, size))
        rows = [list(zip(d, s, strict=True)) for d, s in zip(drawn, seeds.tolist(), strict=True)]
        parts = [chunk.tolist() for chunk in np.array_split(np.arange(size), micro_batches)]
        workers = max(1, cpus() // 2) if self.data.on_disk else 0
        loader = DataLoader(
            _Augmented(images, self.pipeline),
            batch_sampler=[[row[i] for i in part] for row in rows for part in parts],
            collate_fn=self.train_batch,
            num_workers=workers,
        )
        images[0]  # what is made in memory is made now, not while a step is timed
        batches = iter(loader)
        return ([next(batches) for _ in parts] for _ in range(steps))

    def train_batch(self, samples: Sequence[Sample]) -> Batch:
        """Samples of the network's size as a batch with labels."""
        labels = {
            task.name: torch.from_numpy(np.stack([s.labels[task.name] for s in samples]))
            for task in self.tasks
        }
        return Batch(network_input([s.image for s in samples]), samples, self.patches, labels)

    def loss(self, outputs: Mapping[str, Tensor], batch: Batch, size: int) -> Tensor:
        """The weighted sum over tasks, each a mean over the micro-batch's labelled pixels."""
        losses = [
            task.weight * task.loss(outputs[task.name].float(), batch.labels[task.name])
            for task in self.tasks
        ]
        return torch.stack(losses).sum() * (len(batch) / size)

    def eval_batches(self, split: str, size: int) -> Iterator[tuple[Batch, list[int]]]:
        """Every image of a split once."""
        images = self.data.splits[split]
        for start in range(0, len(images), size):
            rows = list(range(start, min(start + size, len(images))))
            samples = [images[row] for row in rows]
            ready = [self.pipeline.test(sample).image for sample in samples]
            yield Batch(network_input(ready), samples, self.patches, {}), rows

    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        """The statistics of every metric family, by task and image."""
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
        measures = {task.name: task.measures() for task in self.tasks}
        processes = cpus() if self.examples(0, split) >= 100 else 1
        found = mapped(Measured(measures), jobs, processes, chunk=8)
        rows = [(split, *row) for image in found for row in image]
        return pd.DataFrame(rows, columns=COLUMNS)

    def predicted(
        self, outputs: Mapping[str, Tensor], batch: Batch, index: int
    ) -> dict[str, Array]:
        """Predictions by task for one image of a batch, at its own size."""
        height, width = batch.samples[index].image.shape[:2]
        return {
            task.name: as_array(
                task.predict(self.pipeline.back(outputs[task.name][index].float(), (height, width)))
            )
            for task in self.tasks
        }

    @staticmethod
    def scores(outcomes: pd.DataFrame, task: str, metrics: Sequence[str]) -> Scores:
        """See `Learner.scores`."""
        own = outcomes[outcomes["task"] == task]
        return {split: values(own[own["split"] == split], metrics) for split in ("dev", "test")}

    def examples(self, task: int, split: str) -> int:
        """See `Learner.examples`."""
        return len(self.data.splits[split])

    def eval_size(self, split: str) -> int:
        """All tasks are scored in one go."""
        return len(self.data.splits[split])

    def trivial(self, task: int) -> Scores:
        """The same prediction for every pixel of every test image."""
        return {"constant": self.constants[self.tasks[task].name]}

    @cached_property
    def constants(self) -> dict[str, dict[str, float]]:
        """Test scores, by task, of the constant that is best on the first training labels."""
        train, test = self.data.splits["train"], self.data.splits["test"]
        samples = [train[index] for index in range(min(len(train), SEEN))]
        guesses = {t.name: t.constant([s.labels[t.name] for s in samples]) for t in self.tasks}
        measured = Measured({task.name: task.measures() for task in self.tasks})
        processes = cpus() if self.data.on_disk else 1
        found = mapped(Constant(test, guesses, measured), range(len(test)), processes)
        rows = [("test", *row) for image in found for row in image]
        frame = pd.DataFrame(rows, columns=COLUMNS)
        return {
            task.name: values(frame[frame["task"] == task.name], task.metrics)
            for task in self.tasks
        }

    def head(self, model: DenseModel, task: int) -> dict[str, Tensor]:
        """See `Learner.head`."""
        return model.heads[self.tasks[task].name].state_dict()

    def picture(
        self, predict: Callable[[Batch], Mapping[str, Tensor]] | None = None
    ) -> bytes | None:
        """The first test images with their labels, and predictions if there are any."""
        batch, rows = next(self.eval_batches("test", SHOWN))
        found = []
        if predict is not None:
            outputs = predict(batch)
            found = [self.predicted(outputs, batch, row) for row in rows]
        return sheet(self.tasks, list(batch.samples), found)


class _Augmented(Dataset[Sample]):
    """Training images by (index, seed of the augmentation)."""

    def __init__(self, images: Images, pipeline: Pipeline) -> None:
        self.images, self.pipeline = images, pipeline

    def __getitem__(self, item: tuple[int, int]) -> Sample:
        index, seed = item
        return self.pipeline.train(self.images[index], np.random.default_rng(seed))
