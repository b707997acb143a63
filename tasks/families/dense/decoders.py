"""Heads from tokens to pixels, the same for every method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

FINER = 4
"""How many times finer than the tokens the grid of the light decoders is, along each side."""
CHANNELS = 256
"""Width of the convolutional decoder (M3ViT)."""
UPSCALED = 24
"""Width of the upscaling decoder on its finer grid."""


class Light(nn.Module):
    """One linear layer: every token gives a `FINER` x `FINER` patch, then bilinear upsampling."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, channels * FINER**2)

    def forward(self, grid: Tensor, size: tuple[int, int]) -> Tensor:
        """(batch, width, h, w) to (batch, channels, *size)."""
        patches = self.linear(grid.movedim(1, -1)).movedim(-1, 1)
        return _resized(F.pixel_shuffle(patches, FINER), size)


class Convolutional(nn.Module):
    """M3ViT's head: four times a 3 x 3 convolution, batch norm, ReLU, twice the size; then 1 x 1.

    The layer norm it begins with is the backbone's last one.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        widths = [width, *[CHANNELS] * 4]
        stages = [
            nn.Sequential(
                nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
            )
            for before, after in pairwise(widths)
        ]
        self.stages = nn.ModuleList(stages)
        self.last = nn.Conv2d(CHANNELS, channels, 1)

    def forward(self, grid: Tensor, size: tuple[int, int]) -> Tensor:
        """(batch, width, h, w) to (batch, channels, *size)."""
        for stage in self.stages:
            grid = F.interpolate(stage(grid), scale_factor=2.0, mode="bilinear")
        return _resized(self.last(grid), size)


class Upscaling(nn.Module):
    """Every token gives a `FINER` x `FINER` patch of features, which a 3 x 3 convolution reads.

    The patches are those of a sub-pixel convolution (ESPCN); bilinear upsampling does the rest.
    """

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(width, UPSCALED * FINER**2, 1)
        self.last = nn.Conv2d(UPSCALED, channels, 3, padding=1)

    def forward(self, grid: Tensor, size: tuple[int, int]) -> Tensor:
        """(batch, width, h, w) to (batch, channels, *size)."""
        finer = F.pixel_shuffle(self.patches(grid), FINER)
        return _resized(self.last(F.gelu(finer)), size)


DECODERS: Mapping[str, Callable[[int, int], nn.Module]] = {
    "light": Light,
    "convolutional": Convolutional,
    "upscaling": Upscaling,
}


def _resized(maps: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps, size=size, mode="bilinear")
