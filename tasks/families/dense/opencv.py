"""Resizing and warping as the field's toolchains do it, with OpenCV.

Nearest takes floor(x * scale), cubic and linear do not smooth before they shrink. OpenCV's
shortcuts into Intel's IPP are off in this process: they round otherwise, each CPU in its own way.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from seesaw.tasks.families.dense.sample import Array

How = Literal["nearest", "linear", "cubic"]
FLAGS = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}

cv2.ipp.setUseIPP(False)
cv2.setNumThreads(1)  # images are made in processes side by side


def resize(values: Array, how: How, size: tuple[int, ...]) -> Array:
    """(H, W) or (H, W, 3) at the first two of `size`, (h, w): as it is if it has them."""
    height, width = size[:2]
    if values.shape[:2] == (height, width):
        return values
    return np.asarray(cv2.resize(values, (width, height), interpolation=FLAGS[how]))


def warp(values: Array, how: How, degrees: float, factor: float, outside: int = 0) -> Array:
    """(H, W) or (H, W, 3) turned against the clock and scaled about (W / 2, H / 2), size kept."""
    height, width = values.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, factor)
    border = (outside,) * 3
    found = cv2.warpAffine(values, matrix, (width, height), flags=FLAGS[how], borderValue=border)
    return np.asarray(found)
