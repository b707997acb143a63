"""A scene: shapes, whose they are, camera and light; units are metres, y is up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from seesaw.tasks.sources.scenes.geometry import Array, Kind, Shape, about_y, along, turned

CLASSES = (
    "background", "floor", "wall", "ceiling", "road", "pavement", "building", "person", "table",
    "chair", "lamp", "ball", "crate", "pillar", "tree", "car", "bench",
)  # fmt: skip
"""Semantic classes by index; background is what no surface covers, the sky."""
PARTS = ("background", "head", "torso", "upper arm", "lower arm", "upper leg", "lower leg")
"""Parts of a person by index."""
FIRST_THING = CLASSES.index("person")
"""Classes from here on are things, those before it are surroundings."""
PATTERNS = 4
"""Textures: plain, checks, stripes, grain."""
UPRIGHT = np.eye(3, dtype=np.float32)


@dataclass
class Scene:
    """Shapes, the class of their owners by index, the camera, the light and the sky's colour.

    The camera (3,) looks along +z turned by `view` (3, 3); `light` (3,) is where the light is.
    """

    shapes: list[Shape] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    camera: Array = field(default_factory=lambda: np.zeros(3, np.float32))
    view: Array = field(default_factory=lambda: UPRIGHT)
    light: Array = field(default_factory=lambda: np.array([0, 1, 0], np.float32))
    sky: Array = field(default_factory=lambda: np.array([0.6, 0.75, 0.95], np.float32))

    def new(self, name: str) -> int:
        """The index of a new owner of class `name`."""
        self.owners.append(CLASSES.index(name))
        return len(self.owners) - 1


@dataclass
class Builder:
    """Adds shapes of one owner, around a place on the ground and turned about the vertical."""

    scene: Scene
    owner: int
    rng: Generator
    origin: Array
    angle: float = 0.0

    def point(self, x: float, y: float, z: float) -> Array:
        """A local point in the world."""
        return self.origin + turned(self.angle, np.array([x, y, z], np.float32))

    def add(
        self,
        kind: Kind,
        at: tuple[float, float, float],
        size: tuple[float, float, float],
        colour: Array,
        pattern: int = 0,
        part: int = 0,
    ) -> None:
        """A shape of half extents `size`, upright."""
        self.scene.shapes.append(
            Shape(
                kind, self.point(*at), np.array(size, np.float32), about_y(self.angle),
                self.owner, colour, part, pattern,
            )
        )  # fmt: skip

    def limb(self, start: Array, end: Array, radius: float, colour: Array, part: int) -> None:
        """A tube between two world points, rounded at its end."""
        half = float(np.linalg.norm(end - start)) / 2
        size = np.array([radius, half, radius], np.float32)
        middle = ((start + end) / 2).astype(np.float32)
        self.scene.shapes.append(
            Shape("tube", middle, size, along(start, end), self.owner, colour, part)
        )
        ball = np.full(3, radius, np.float32)
        self.scene.shapes.append(Shape("ball", end, ball, UPRIGHT, self.owner, colour, part))


def colour(rng: Generator, low: float = 0.15, high: float = 0.95) -> Array:
    """A random RGB colour."""
    return rng.uniform(low, high, 3).astype(np.float32)
