"""An image with its labels, and sets of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.task import DataError

IGNORE = 255
"""Label of pixels that count for nothing."""
Array = NDArray[Any]
Form = Literal["indices", "vectors", "distances"]


@dataclass(frozen=True)
class Sample:
    """An image (H, W, 3) and labels of its height and width, by task.

    Images are uint8, inside of pipelines also float32 on the same scale.
    A label's form says what it is, see `form`. `scored` are labels that predictions are scored
    against where that is not what is trained on.
    """

    name: str
    image: Array
    labels: Mapping[str, Array]
    scored: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for task, label in (*self.labels.items(), *self.scored.items()):
            if label.shape[:2] != self.image.shape[:2]:
                raise DataError(
                    f"{self.name}: its {task} label is {label.shape[:2]}, the image "
                    f"{self.image.shape[:2]}"
                )

    def truth(self, task: str) -> Array:
        """What predictions of `task` are scored against."""
        return self.scored[task] if task in self.scored else self.labels[task]


def form(label: Array) -> Form:
    """What kind of label it is.

    Indices (classes, saliency, edges) are (H, W) uint8 with 255 to ignore, vectors (normals)
    (H, W, 3) float32 with zeros to ignore, distances (depth) (H, W) float32 in metres with zeros to
    ignore.
    """
    if label.ndim == 3:
        return "vectors"
    return "indices" if label.dtype == np.uint8 else "distances"


def nothing(label: Array) -> int:
    """The value in labels of its form that counts for nothing."""
    return IGNORE if form(label) == "indices" else 0


class Images(Protocol):
    """A split: samples by index, read when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...


def content_hash(samples: Sequence[Sample], task: str) -> str:
    """SHA-256 of every image and its label of one task, in order."""
    digest = hashlib.sha256()
    for sample in samples:
        for array in (sample.image, sample.labels[task]):
            digest.update(repr((sample.name, array.shape, str(array.dtype))).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
