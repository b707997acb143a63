"""Images with their labels as batches of network inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from typing_extensions import override

from seesaw.tasks.families.batches import Batches, endless
from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.sample import Images, Sample
from seesaw.tasks.families.dense.transforms import Pipeline, network_input
from seesaw.tasks.parallel import cpus


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


class DenseBatches(Batches):
    """Images at the network's size, each with the labels of all tasks.

    Args:
        data: with its tasks.
        pipeline: from images to inputs, and from outputs back.
        patches: tokens of an input.
    """

    def __init__(self, data: DenseData, pipeline: Pipeline, patches: int) -> None:
        self.data, self.pipeline, self.patches = data, pipeline, patches

    @override
    def train(
        self, order: Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        # images in shuffled epochs, each with a seed of its own for its augmentation
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
            collate_fn=self.labelled,
            num_workers=workers,
        )
        images[0]  # what is made in memory is made now, not while a step is timed
        batches = iter(loader)
        return ([next(batches) for _ in parts] for _ in range(steps))

    def labelled(self, samples: Sequence[Sample]) -> Batch:
        """Samples of the network's size as a batch to train on."""
        labels = {
            task.name: torch.from_numpy(np.stack([s.labels[task.name] for s in samples]))
            for task in self.data.tasks
        }
        return Batch(network_input([s.image for s in samples]), samples, self.patches, labels)

    @override
    def eval(self, split: str, size: int) -> Iterator[tuple[Batch, list[int]]]:
        images = self.data.splits[split]
        for start in range(0, len(images), size):
            rows = list(range(start, min(start + size, len(images))))
            samples = [images[row] for row in rows]
            ready = [self.pipeline.test(sample).image for sample in samples]
            yield Batch(network_input(ready), samples, self.patches, {}), rows

    @override
    def examples(self, task: int, split: str) -> int:
        return len(self.data.splits[split])

    @override
    def eval_size(self, split: str) -> int:
        return len(self.data.splits[split])  # all tasks are scored in one go


class _Augmented(Dataset[Sample]):
    """Training images by (index, seed of the augmentation)."""

    def __init__(self, images: Images, pipeline: Pipeline) -> None:
        self.images, self.pipeline = images, pipeline

    @override
    def __getitem__(self, item: tuple[int, int]) -> Sample:
        index, seed = item
        return self.pipeline.train(self.images[index], np.random.default_rng(seed))
