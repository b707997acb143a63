"""Rooms and streets with things and people in them, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from seesaw.tasks.sources.scenes.geometry import Array, about_y
from seesaw.tasks.sources.scenes.scene import PATTERNS, Builder, Scene, colour
from seesaw.tasks.sources.scenes.things import (
    ball,
    bench,
    car,
    chair,
    crate,
    lamp,
    person,
    pillar,
    table,
    tree,
)

Slab = tuple[str, tuple[float, float, float], tuple[float, float, float], Array, int]
Thing = Callable[[Builder], None]


@dataclass(frozen=True)
class CloseUp:
    """The share of scenes with a person close to the camera, and how close in metres."""

    share: float = 0.6
    nearest: float = 1.7
    farthest: float = 3.2


DISTANT = CloseUp()
"""As in the first edition of scenes."""


def compose(rng: Generator, close_up: CloseUp = DISTANT) -> Scene:
    """A room or a street, each as likely."""
    return _room(rng, close_up) if rng.random() < 0.5 else _street(rng, close_up)


def _room(rng: Generator, close_up: CloseUp) -> Scene:
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
    things: list[Thing] = [table, chair, lamp, ball, crate, pillar, bench, person, person]
    _camera(scene, rng, (rng.uniform(-0.5, 0.5) * wide, rng.uniform(1.2, 1.8), -deep + 0.2))
    ground = (-wide + 0.5, wide - 0.5), (-deep + 2.0, deep - 0.5)
    _populate(scene, rng, things, ground, (3, 8), close_up)
    at = (rng.uniform(-0.6, 0.6) * wide, 0.95 * high, rng.uniform(-0.7, 0.3) * deep)
    scene.light = np.array(at, np.float32)
    return scene


def _street(rng: Generator, close_up: CloseUp) -> Scene:
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
        person,
        person,
        person,
        tree,
        car,
        car,
        lamp,
        bench,
        crate,
        ball,
    ]
    _camera(scene, rng, (rng.uniform(-half, half), rng.uniform(1.2, 2.2), -4.0))
    ground = (-half - 2.5, half + 2.5), (-1.0, 9.0)
    _populate(scene, rng, things, ground, (4, 10), close_up)
    at = (rng.uniform(-100, 100), 100.0, rng.uniform(-80, 80))
    scene.light = np.array(at, np.float32)
    scene.sky = rng.uniform((0.4, 0.6, 0.8), (0.8, 0.85, 1.0)).astype(np.float32)
    return scene


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
    ground: tuple[tuple[float, float], tuple[float, float]],
    count: tuple[int, int],
    close_up: CloseUp,
) -> None:
    """Put things on the ground, no two closer than a metre; places that do not fit are dropped.

    Often a person comes first, close to the camera and not far off its axis.
    """
    across, along_z = ground
    places = [(rng.uniform(*across), rng.uniform(*along_z)) for _ in range(rng.integers(*count))]
    chosen = [things[int(rng.integers(len(things)))] for _ in places]
    if rng.random() < close_up.share:
        away = rng.uniform(close_up.nearest, close_up.farthest)
        ahead = away * scene.view @ np.array([rng.uniform(-0.3, 0.3), 0, 1])
        places.insert(0, (float(scene.camera[0] + ahead[0]), float(scene.camera[2] + ahead[2])))
        chosen.insert(0, person)
    taken: list[tuple[float, float]] = []
    for (x, z), thing in zip(places, chosen, strict=True):
        if any(np.hypot(x - a, z - b) < 1.0 for a, b in taken):
            continue
        taken.append((x, z))
        owner = scene.new(thing.__name__)
        origin = np.array([x, 0, z], np.float32)
        thing(Builder(scene, owner, rng, origin, rng.uniform(0, 2 * np.pi)))
