"""Rendered rooms and streets with exact labels for five dense tasks, the same on every machine.

A split is a range of seeds, so no scene is in two of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from seesaw.tasks.families.dense.data import DenseData
from seesaw.tasks.families.dense.sample import Sample
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.dense.task_types import (
    Edges,
    Normals,
    NormalsInPoints,
    Saliency,
    Segmentation,
)
from seesaw.tasks.parallel import cpus, mapped
from seesaw.tasks.sources.scenes.compose import DISTANT, CloseUp
from seesaw.tasks.sources.scenes.render import sample
from seesaw.tasks.sources.scenes.scene import CLASSES, PARTS
from seesaw.tasks.task import SPLITS

EDITION = 1
"""Edition of the renderer: another one wherever a picture or a label changes."""
FIRST_SEED = {"train": 0, "dev": 10**6, "test": 2 * 10**6, "pretraining": 3 * 10**6}
TASKS: tuple[DenseTask, ...] = (
    Segmentation("semseg", len(CLASSES)),
    Segmentation("human_parts", len(PARTS), weight=2.0),
    Saliency("saliency"),
    Normals("normals"),
    Edges("edges"),
)
IN_POINTS = tuple(NormalsInPoints("normals") if t.name == "normals" else t for t in TASKS)
"""The same, all of them reported in points, so that they have an average."""


def load(options: Mapping[str, Any], folder: Path | None = None) -> DenseData:
    """All splits, rendered when the first image is asked for.

    Args:
        options: the number of scenes in `train`, `dev` and `test`, and their `side` in pixels;
            `close_up`, if given, says how many scenes have a person how close to the camera, and
            `in_points` whether normals are reported in points too.
        folder: unused; this track needs no data from outside.
    """
    near = CloseUp(**options["close_up"]) if "close_up" in options else DISTANT
    splits = {split: Rendered(split, options[split], options["side"], near) for split in SPLITS}
    # not of the pixels: a renderer in floating point may round one otherwise on another CPU
    told = [(name, options[name]) for name in (*SPLITS, "side")]
    told += [] if near == DISTANT else [("close_up", near)]
    text = repr((EDITION, sorted(told)))
    digest = hashlib.sha256(text.encode()).hexdigest()
    tasks = IN_POINTS if options.get("in_points") else TASKS
    return DenseData(tasks, splits, {task.name: digest for task in tasks})


@dataclass(frozen=True)
class Rendered:
    """A split, held in memory once it is rendered."""

    split: str
    count: int
    side: int
    close_up: CloseUp = DISTANT

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]

    @cached_property
    def samples(self) -> list[Sample]:
        """All of them."""
        return scenes(self.split, self.count, self.side, self.close_up)


def scenes(split: str, count: int, side: int, close_up: CloseUp = DISTANT) -> list[Sample]:
    """The first `count` scenes of a split, square, rendered on all CPUs."""
    first = FIRST_SEED[split]
    processes = min(cpus(), max(1, count // 100))
    one = partial(sample, side=side, close_up=close_up)
    return list(mapped(one, range(first, first + count), processes, 16))
