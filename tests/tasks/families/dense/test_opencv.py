"""Resizing and warping, against formulas written out here."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from seesaw.tasks.families.dense.opencv import resize, warp

SIDE = st.integers(3, 90)
Array = NDArray[np.float64]


def drawn(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 100 + width).integers(0, 256, (height, width), np.uint8)


def nearest(length: int, wanted: int) -> NDArray[np.int64]:
    """Source of every pixel along one axis: floor(x * scale)."""
    scale = 1 / (wanted / length)
    return np.minimum(np.floor(np.arange(wanted) * scale).astype(int), length - 1)


def matrix(length: int, wanted: int, taps: int) -> Array:
    """Weights (wanted, length) of linear (2 taps) or cubic (4, a = -0.75) interpolation.

    Middles of pixels meet, borders are repeated, and nothing is smoothed however small it gets.
    """
    found = np.zeros((wanted, length))
    for target in range(wanted):
        at = (target + 0.5) * length / wanted - 0.5
        for source in range(int(np.floor(at)) - taps // 2 + 1, int(np.floor(at)) + taps // 2 + 1):
            found[target, np.clip(source, 0, length - 1)] += weight(abs(at - source), taps)
    return found


def weight(x: float, taps: int) -> float:
    if taps == 2:
        return max(0.0, 1 - x)
    a = -0.75
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


@settings(max_examples=60)
@given(height=SIDE, width=SIDE, rows=SIDE, columns=SIDE)
def test_nearest_takes_the_floor(height: int, width: int, rows: int, columns: int) -> None:
    values = drawn(height, width)
    wanted = values[nearest(height, rows)][:, nearest(width, columns)]
    for kind in (np.uint8, np.uint16, np.float32):
        found = resize(values.astype(kind), "nearest", (rows, columns))
        assert found.dtype == kind
        np.testing.assert_array_equal(found, wanted)


@settings(max_examples=30)
@given(height=SIDE, width=SIDE, rows=SIDE, columns=SIDE)
def test_linear_and_cubic_do_not_smooth(height: int, width: int, rows: int, columns: int) -> None:
    values = drawn(height, width).astype(np.float32)
    for how, taps in (("linear", 2), ("cubic", 4)):
        wanted = matrix(height, rows, taps) @ values @ matrix(width, columns, taps).T
        found = resize(values, how, (rows, columns))
        np.testing.assert_allclose(found, wanted, atol=2e-3)


@settings(max_examples=40)
@given(
    height=SIDE, width=SIDE, degrees=st.floats(-20, 20), factor=st.floats(0.75, 1.25)
)  # fmt: skip
def test_a_warp_turns_about_half_the_size(
    height: int, width: int, degrees: float, factor: float
) -> None:
    values = drawn(height, width)
    y, x = np.mgrid[:height, :width].astype(float)
    right, down = x - width / 2, y - height / 2
    cos, sin = np.cos(np.radians(degrees)) / factor, np.sin(np.radians(degrees)) / factor
    from_x, from_y = cos * right - sin * down + width / 2, sin * right + cos * down + height / 2
    column, row = np.rint(from_x).astype(int), np.rint(from_y).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    clipped = values[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
    # OpenCV keeps a thousandth of a pixel; ties are its own
    clear = (np.abs(from_x % 1 - 0.5) > 0.01) & (np.abs(from_y % 1 - 0.5) > 0.01)
    for outside in (0, 255):
        found = warp(values, "nearest", degrees, factor, outside)
        wanted = np.where(inside, clipped, outside)
        np.testing.assert_array_equal(found[clear], wanted[clear])


def test_a_cubic_warp_sums_sixteen_pixels_over_a_zero_border() -> None:
    height, width, degrees, factor = 40, 50, 12.0, 0.8
    values = np.pad(drawn(height, width).astype(float), 40)  # nothing is outside
    found = warp(drawn(height, width).astype(np.float32), "cubic", degrees, factor)
    turn = np.radians(degrees)
    for row, column in np.random.default_rng(0).integers(0, (height, width), (200, 2)):
        right, down = column - width / 2, row - height / 2
        at_x = (np.cos(turn) * right - np.sin(turn) * down) / factor + width / 2
        at_y = (np.sin(turn) * right + np.cos(turn) * down) / factor + height / 2
        # coordinates are kept to a thirty-second of a pixel
        x, y = np.rint(at_x * 32) / 32, np.rint(at_y * 32) / 32
        if max(abs(at_x * 32 - x * 32), abs(at_y * 32 - y * 32)) > 0.45:
            continue
        total = 0.0
        for source_y in range(int(np.floor(y)) - 1, int(np.floor(y)) + 3):
            for source_x in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
                share = weight(abs(y - source_y), 4) * weight(abs(x - source_x), 4)
                total += share * values[source_y + 40, source_x + 40]
        np.testing.assert_allclose(found[row, column], total, atol=1e-3)


def test_what_each_cpu_does_in_its_own_way_is_off() -> None:
    assert not cv2.ipp.useIPP()
