"""Rays against ellipsoids, boxes and cylinders: many rays and many shapes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Kind = Literal["ball", "box", "tube"]
FAR = np.float32(1e6)
"""Distance of a ray that hits nothing."""


@dataclass(frozen=True)
class Shape:
    """One surface: a unit ball, cube [-1, 1]^3 or tube (radius 1, |y| <= 1), scaled and turned.

    `turn` (3, 3) takes local directions to the world's; `size` (3,) are half extents. `owner` is
    the index of the thing it belongs to, `part` a body part or 0, `colour` RGB in [0, 1], `pattern`
    the index of a texture.
    """

    kind: Kind
    centre: Array
    size: Array
    turn: Array
    owner: int
    colour: Array
    part: int = 0
    pattern: int = 0


def about_y(angle: float) -> Array:
    """Rotation by `angle` radians about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)


def fused(one: Array, other: Array | float, total: Array) -> Array:
    """`one * other + total` in float32, rounded once.

    BLAS chooses by the CPU where it rounds a matrix times a vector, and an ulp moves pixels: such
    products are spelt out here, rounded as where the first scenes were rendered.
    """
    exact = one.astype(np.float64) * other
    return (exact + total).astype(np.float32)


def turned(angle: float, local: Array) -> Array:
    """`about_y(angle) @ local` of a point (3,)."""
    turn, (x, y, z) = about_y(angle), local
    ahead = fused(turn[2, 2], z, turn[2, 0] * x)
    return np.array([turn[0, 0] * x + turn[0, 2] * z, y, ahead], np.float32)


def along(start: Array, end: Array) -> Array:
    """A rotation whose second column points from `start` to `end`."""
    axis = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    helper = np.array([1, 0, 0] if abs(axis[0]) < 0.9 else [0, 0, 1], np.float32)
    side = np.cross(axis, helper)
    side /= np.linalg.norm(side)
    return np.stack((side, axis, np.cross(side, axis)), axis=1).astype(np.float32)


@dataclass(frozen=True)
class Hits:
    """Per ray: distance (`FAR` if none), index of the shape (-1), world normal, local point."""

    distance: Array
    shape: NDArray[np.int64]
    normal: Array
    local: Array


class World:
    """Shapes, ready to be hit."""

    def __init__(self, shapes: list[Shape]) -> None:
        self.shapes = shapes
        self.centre = np.stack([shape.centre for shape in shapes]).astype(np.float32)
        # the sphere around a shape; a ball's is tighter than that of its box
        around = [
            shape.size.max() if shape.kind == "ball" else _norm(shape.size) for shape in shapes
        ]
        self.radius = np.array(around, np.float32)

    def hit(self, origins: Array, directions: Array) -> Hits:
        """The nearest surface along every ray, (n, 3) origins and unit directions."""
        n = len(directions)
        distance = np.full(n, FAR, np.float32)
        which = np.full(n, -1, np.int64)
        local, normal = np.zeros((n, 3), np.float32), np.zeros((n, 3), np.float32)
        for index, rays, found in self._meetings(origins, directions):
            closer = found < distance[rays]
            rays, found = rays[closer], found[closer]
            distance[rays], which[rays] = found, index
        for index, shape in enumerate(self.shapes):
            rays = np.nonzero(which == index)[0]
            if len(rays):
                point = origins[rays] + distance[rays, None] * directions[rays]
                local[rays] = (point - shape.centre) @ shape.turn / shape.size
                outward = (_NORMALS[shape.kind](local[rays]) / shape.size) @ shape.turn.T
                outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
                behind = (outward * directions[rays]).sum(1, keepdims=True) > 0
                normal[rays] = np.where(behind, -outward, outward)
        return Hits(distance, which, normal, local)

    def blocked(self, origins: Array, directions: Array, limit: Array) -> NDArray[np.bool_]:
        """Whether anything stands in the way of each ray within `limit` (n,)."""
        found = np.zeros(len(directions), bool)
        for _, rays, distance in self._meetings(origins, directions):
            found[rays] |= distance < limit[rays]
        return found

    def _meetings(
        self, origins: Array, directions: Array
    ) -> Iterator[tuple[int, NDArray[np.int64], Array]]:
        """Shape by shape: the rays that pass its sphere, and their distance to it or `FAR`."""
        ahead = directions @ self.centre.T - (directions * origins).sum(1, keepdims=True)
        away = (self.centre**2).sum(1) + (origins**2).sum(1, keepdims=True)
        away = away - 2 * origins @ self.centre.T
        near = (away - ahead**2 <= 1.01 * self.radius**2 + 1e-3) & (ahead > -self.radius)
        for index, shape in enumerate(self.shapes):
            rays = np.nonzero(near[:, index])[0]
            if len(rays):
                start = np.asarray((origins[rays] - shape.centre) @ shape.turn / shape.size)
                way = directions[rays] @ shape.turn / shape.size
                first, last = _INTERVALS[shape.kind](start, way)
                entry = np.where(first > 1e-3, first, last)
                met = (first <= last) & (entry > 1e-3)
                yield index, rays, np.where(met, entry, FAR).astype(np.float32)


def _norm(size: Array) -> float:
    return float(np.linalg.norm(size))


def _ball(start: Array, way: Array) -> tuple[Array, Array]:
    return _quadratic((way * way).sum(-1), (start * way).sum(-1), (start * start).sum(-1) - 1)


def _quadratic(a: Array, b: Array, c: Array) -> tuple[Array, Array]:
    """Interval where a t^2 + 2 b t + c <= 0; an empty one where there is none."""
    a = np.maximum(a, np.float32(1e-9))  # a ray along a tube never leaves its circle
    root = b * b - a * c
    width = np.sqrt(np.maximum(root, 0))
    near, far = (-b - width) / a, (-b + width) / a
    return np.where(root > 0, near, FAR), np.where(root > 0, far, -FAR)


def _slabs(start: Array, way: Array) -> tuple[Array, Array]:
    """Interval inside |x| <= 1 along all of the last axis."""
    safe = np.where(np.abs(way) < 1e-9, np.float32(1e-9), way)
    one, other = (-1 - start) / safe, (1 - start) / safe
    return np.minimum(one, other).max(-1), np.maximum(one, other).min(-1)


def _tube(start: Array, way: Array) -> tuple[Array, Array]:
    flat, run = start[..., [0, 2]], way[..., [0, 2]]
    near, far = _quadratic((run * run).sum(-1), (flat * run).sum(-1), (flat * flat).sum(-1) - 1)
    low, high = _slabs(start[..., 1:2], way[..., 1:2])
    return np.maximum(near, low), np.minimum(far, high)


def _box_normal(local: Array) -> Array:
    axis = np.abs(local).argmax(1)
    normal = np.zeros_like(local)
    rows = np.arange(len(local))
    normal[rows, axis] = np.sign(local[rows, axis])
    return normal


def _tube_normal(local: Array) -> Array:
    cap = np.abs(local[:, 1]) > 1 - 1e-3
    side = local * np.array([1, 0, 1], np.float32)
    lid = np.stack((0 * cap, np.sign(local[:, 1]), 0 * cap), axis=1)
    return np.where(cap[:, None], lid, side).astype(np.float32)


_INTERVALS = {"ball": _ball, "box": _slabs, "tube": _tube}
_NORMALS = {"ball": lambda local: local, "box": _box_normal, "tube": _tube_normal}
