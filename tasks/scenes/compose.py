"""Rooms and streets with things and people in them, drawn at random; units are metres, y is up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from tasks.scenes.geometry import Array, Kind, Shape, about_y, along

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
CLOSE_UP = 0.6
"""Share of the scenes with a person close to the camera."""
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
        return self.origin + about_y(self.angle) @ np.array([x, y, z], np.float32)

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


def compose(rng: Generator) -> Scene:
    """A room or a street, each as likely."""
    return _room(rng) if rng.random() < 0.5 else _street(rng)


def _room(rng: Generator) -> Scene:
    scene = Scene()
    wide, deep, high = rng.uniform(2.2, 3.6), rng.uniform(3.0, 4.5), rng.uniform(2.5, 3.2)
    paint, pattern = colour(rng, 0.4), int(rng.integers(PATTERNS))
    slabs = [
        (
            "floor",
            (0, -0.1, 0),
            (wide, 0.1, deep),
            colour(rng, 0.2, 0.7),
            int(rng.integers(PATTERNS)),
        ),
        ("ceiling", (0, high + 0.1, 0), (wide, 0.1, deep), colour(rng, 0.7, 1.0), 0),
        ("wall", (0, high / 2, deep + 0.1), (wide + 0.2, high, 0.1), paint, pattern),
        ("wall", (-wide - 0.1, high / 2, 0), (0.1, high, deep + 0.2), paint, pattern),
        ("wall", (wide + 0.1, high / 2, 0), (0.1, high, deep + 0.2), paint, pattern),
    ]
    _surroundings(scene, rng, slabs)
    things: list[Thing] = [_table, _chair, _lamp, _ball, _crate, _pillar, _bench, _person, _person]
    _camera(scene, rng, (rng.uniform(-0.5, 0.5) * wide, rng.uniform(1.2, 1.8), -deep + 0.2))
    _populate(scene, rng, things, (-wide + 0.5, wide - 0.5), (-deep + 2.0, deep - 0.5), (3, 8))
    at = (rng.uniform(-0.6, 0.6) * wide, 0.95 * high, rng.uniform(-0.7, 0.3) * deep)
    scene.light = np.array(at, np.float32)
    return scene


def _street(rng: Generator) -> Scene:
    scene = Scene()
    half = rng.uniform(2.0, 3.5)
    slabs: list[Slab] = [
        ("road", (0, -0.1, 20), (half, 0.1, 40), colour(rng, 0.2, 0.4), 3),
        ("pavement", (-half - 2, -0.05, 20), (2, 0.12, 40), colour(rng, 0.45, 0.7), 1),
        ("pavement", (half + 2, -0.05, 20), (2, 0.12, 40), colour(rng, 0.45, 0.7), 1),
    ]
    for side in (-1, 1):
        z = -2.0
        while z < 30:
            length, height = rng.uniform(2, 5), rng.uniform(2.5, 8)
            if rng.random() < 0.85:
                at = (side * (half + 6), height, z + length)
                tint = colour(rng, 0.3, 0.9)
                slabs.append(
                    ("building", at, (2, height, length), tint, int(rng.integers(PATTERNS)))
                )
            z += 2 * length
    _surroundings(scene, rng, slabs)
    things: list[Thing] = [
        _person,
        _person,
        _person,
        _tree,
        _car,
        _car,
        _lamp,
        _bench,
        _crate,
        _ball,
    ]
    _camera(scene, rng, (rng.uniform(-half, half), rng.uniform(1.2, 2.2), -4.0))
    _populate(scene, rng, things, (-half - 2.5, half + 2.5), (-1.0, 9.0), (4, 10))
    at = (rng.uniform(-100, 100), 100.0, rng.uniform(-80, 80))
    scene.light = np.array(at, np.float32)
    scene.sky = rng.uniform((0.4, 0.6, 0.8), (0.8, 0.85, 1.0)).astype(np.float32)
    return scene


Slab = tuple[str, tuple[float, float, float], tuple[float, float, float], Array, int]
Thing = Callable[[Builder], None]


def _surroundings(scene: Scene, rng: Generator, slabs: list[Slab]) -> None:
    for name, at, size, tint, pattern in slabs:
        Builder(scene, scene.new(name), rng, np.zeros(3, np.float32)).add(
            "box", at, size, tint, pattern
        )


def _camera(scene: Scene, rng: Generator, at: tuple[float, float, float]) -> None:
    pitch = rng.uniform(-0.05, 0.25)
    c, s = np.cos(pitch), np.sin(pitch)
    down = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float32)
    scene.camera = np.array(at, np.float32)
    scene.view = about_y(rng.uniform(-0.3, 0.3)) @ down


def _populate(
    scene: Scene,
    rng: Generator,
    things: list[Thing],
    across: tuple[float, float],
    along_z: tuple[float, float],
    count: tuple[int, int],
) -> None:
    """Put things on the ground, no two closer than a metre; places that do not fit are dropped.

    Often a person comes first, close to the camera and not far off its axis.
    """
    places = [(rng.uniform(*across), rng.uniform(*along_z)) for _ in range(rng.integers(*count))]
    chosen = [things[int(rng.integers(len(things)))] for _ in places]
    if rng.random() < CLOSE_UP:
        ahead = rng.uniform(1.7, 3.2) * scene.view @ np.array([rng.uniform(-0.3, 0.3), 0, 1])
        places.insert(0, (float(scene.camera[0] + ahead[0]), float(scene.camera[2] + ahead[2])))
        chosen.insert(0, _person)
    taken: list[tuple[float, float]] = []
    for (x, z), thing in zip(places, chosen, strict=True):
        if any(np.hypot(x - a, z - b) < 1.0 for a, b in taken):
            continue
        taken.append((x, z))
        owner = scene.new(thing.__name__.removeprefix("_"))
        origin = np.array([x, 0, z], np.float32)
        thing(Builder(scene, owner, rng, origin, rng.uniform(0, 2 * np.pi)))


def _table(build: Builder) -> None:
    tint, high = colour(build.rng), build.rng.uniform(0.6, 0.8)
    wide, deep = build.rng.uniform(0.4, 0.8), build.rng.uniform(0.3, 0.5)
    build.add("box", (0, high, 0), (wide, 0.04, deep), tint, 2)
    for x in (-1, 1):
        for z in (-1, 1):
            at = (x * (wide - 0.06), high / 2, z * (deep - 0.06))
            build.add("tube", at, (0.04, high / 2, 0.04), tint)


def _chair(build: Builder) -> None:
    tint, high = colour(build.rng), build.rng.uniform(0.4, 0.5)
    build.add("box", (0, high, 0), (0.22, 0.03, 0.22), tint)
    build.add("box", (0, high + 0.3, 0.2), (0.22, 0.27, 0.03), tint, 2)
    for x in (-0.18, 0.18):
        for z in (-0.18, 0.18):
            build.add("tube", (x, high / 2, z), (0.025, high / 2, 0.025), tint)


def _bench(build: Builder) -> None:
    tint, wide = colour(build.rng), build.rng.uniform(0.6, 0.9)
    build.add("box", (0, 0.45, 0), (wide, 0.04, 0.2), tint, 2)
    for x in (-1, 1):
        build.add("box", (x * (wide - 0.1), 0.2, 0), (0.04, 0.22, 0.18), tint)


def _lamp(build: Builder) -> None:
    high = build.rng.uniform(1.3, 2.0)
    build.add("tube", (0, 0.03, 0), (0.16, 0.03, 0.16), colour(build.rng))
    build.add("tube", (0, high / 2, 0), (0.03, high / 2, 0.03), colour(build.rng))
    build.add("ball", (0, high, 0), (0.2, 0.16, 0.2), colour(build.rng, 0.7, 1.0))


def _ball(build: Builder) -> None:
    radius = build.rng.uniform(0.15, 0.4)
    pattern = int(build.rng.integers(PATTERNS))
    build.add("ball", (0, radius, 0), (radius, radius, radius), colour(build.rng), pattern)


def _crate(build: Builder) -> None:
    size = tuple(build.rng.uniform(0.15, 0.45, 3).tolist())
    tint = colour(build.rng)
    build.add("box", (0, size[1], 0), size, tint, int(build.rng.integers(PATTERNS)))
    if build.rng.random() < 0.4:
        build.add("box", (0.05, 2 * size[1] + 0.15, 0), (0.15, 0.15, 0.15), colour(build.rng), 1)


def _pillar(build: Builder) -> None:
    radius, high = build.rng.uniform(0.12, 0.25), build.rng.uniform(1.0, 1.6)
    tint, pattern = colour(build.rng, 0.5), int(build.rng.integers(PATTERNS))
    build.add("tube", (0, high, 0), (radius, high, radius), tint, pattern)
    build.add("box", (0, 0.06, 0), (1.4 * radius, 0.06, 1.4 * radius), tint)


def _tree(build: Builder) -> None:
    high = build.rng.uniform(1.2, 2.2)
    build.add(
        "tube", (0, high / 2, 0), (0.12, high / 2, 0.12), np.array([0.4, 0.26, 0.13], np.float32)
    )
    green = np.array([build.rng.uniform(0.1, 0.35), build.rng.uniform(0.4, 0.7), 0.15], np.float32)
    for _ in range(3):
        x, z = build.rng.uniform(-0.35, 0.35, 2)
        radius = build.rng.uniform(0.5, 0.8)
        at = (float(x), high + build.rng.uniform(0, 0.6), float(z))
        build.add("ball", at, (radius, 0.9 * radius, radius), green, 3)


def _car(build: Builder) -> None:
    tint, dark = colour(build.rng), np.full(3, 0.08, np.float32)
    build.angle = build.rng.normal(0, 0.15)
    build.add("box", (0, 0.55, 0), (0.8, 0.3, 1.8), tint)
    build.add("box", (0, 1.05, -0.1), (0.68, 0.28, 0.95), 0.6 * tint)
    for x in (-0.8, 0.8):
        for z in (-1.1, 1.1):
            build.add("ball", (x, 0.3, z), (0.12, 0.3, 0.3), dark)


def _person(build: Builder) -> None:
    """Standing, walking or reaching: a torso, a head, and limbs of two segments."""
    rng, high = build.rng, build.rng.uniform(1.45, 1.95)
    skin = np.array([0.9, 0.7, 0.55], np.float32) * rng.uniform(0.4, 1.0)
    shirt, trousers = colour(rng), colour(rng, 0.1, 0.7)
    hip, shoulder = 0.52 * high, 0.82 * high
    build.add(
        "ball", (0, (hip + shoulder) / 2, 0), (0.11 * high, 0.56 * (shoulder - hip), 0.07 * high),
        shirt, int(rng.integers(PATTERNS)), part=2,
    )  # fmt: skip
    build.add("tube", (0, 0.85 * high, 0), (0.03 * high, 0.03 * high, 0.03 * high), skin, part=1)
    build.add("ball", (0, 0.93 * high, 0), (0.055 * high, 0.072 * high, 0.06 * high), skin, part=1)
    stride = rng.uniform(0, 0.6)
    for side in (-1, 1):
        swing = side * stride
        joints = _limb(
            build, (side * 0.06 * high, hip, 0), swing, 0.0, rng.uniform(0, 0.6), 0.25 * high
        )
        build.limb(joints[0], joints[1], 0.045 * high, trousers, part=5)
        build.limb(joints[1], joints[2], 0.035 * high, trousers, part=6)
        lift, out = rng.uniform(-0.6, 1.6), rng.uniform(0.1, 0.9)
        at = (side * 0.11 * high, shoulder - 0.02 * high, 0)
        joints = _limb(build, at, -lift, side * out, -rng.uniform(0, 1.2), 0.17 * high)
        build.limb(joints[0], joints[1], 0.03 * high, shirt, part=3)
        build.limb(joints[1], joints[2], 0.024 * high, skin, part=4)


def _limb(
    build: Builder,
    at: tuple[float, float, float],
    swing: float,
    out: float,
    bend: float,
    length: float,
) -> list[Array]:
    """Three joints of a hanging limb: swung forwards and out, its second segment bent back."""
    points = [np.array(at, np.float32)]
    for angle in (swing, swing + bend):
        way = [np.sin(out) * np.cos(angle), -np.cos(out) * np.cos(angle), np.sin(angle)]
        points.append(points[-1] + length * np.array(way, np.float32))
    return [build.point(*point.tolist()) for point in points]
