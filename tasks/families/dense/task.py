"""A dense task: outputs, loss, what is predicted, and how it is scored, drawn and stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from seesaw.tasks.families.dense import opencv
from seesaw.tasks.families.dense.metrics import DenseMetric
from seesaw.tasks.families.dense.sample import Array
from seesaw.tasks.task import Task


@dataclass(frozen=True)
class DenseTask(Task, ABC):
    """A map per image to be predicted, its loss weighing `weight` in the sum."""

    weight: float = 1.0

    channels: ClassVar[int] = 1

    @property
    def outputs(self) -> int:
        """Channels of the decoder."""
        return self.channels

    @abstractmethod
    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of outputs (batch, channels, H, W); 0 where no pixel is labelled."""

    @abstractmethod
    def predict(self, outputs: Tensor) -> Tensor:
        """Outputs (channels, H, W) of one image as what its metrics take."""

    @abstractmethod
    def measures(self) -> Mapping[str, DenseMetric]:
        """Its metrics by family name, the one that is reported first."""

    @abstractmethod
    def draw(self, values: Array) -> NDArray[np.uint8]:
        """A label or prediction as a picture (H, W, 3)."""

    @abstractmethod
    def constant(self, labels: list[Array]) -> Array:
        """The prediction for a pixel that is best on average over the labels, from these alone."""

    def stored(self, prediction: Array, size: tuple[int, int]) -> Array:
        """A prediction of the network's size as the survey reads it from a file at `size` (h, w).

        Files hold 8 bits, of which the fraction is dropped, except where they are said not to.
        Here they hold floating-point numbers.
        """
        return opencv.resize(prediction, "linear", size)


def in_eight_bits(shares: Array, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Shares of 255 (H, W) or (H, W, 3), brought to `size` linearly, their fraction dropped."""
    return opencv.resize(255 * shares, "linear", size).astype(np.uint8)


def as_array(prediction: Tensor) -> NDArray[np.generic]:
    """A prediction for the metrics, which work in numpy."""
    return np.asarray(prediction.detach().cpu().numpy())
