"""Things and people, built of shapes around their place on the ground."""

from __future__ import annotations

import numpy as np

from seesaw.tasks.sources.scenes.geometry import Array
from seesaw.tasks.sources.scenes.scene import PATTERNS, Builder, colour


def table(build: Builder) -> None:
    """Four legs under a top."""
    tint, high = colour(build.rng), build.rng.uniform(0.6, 0.8)
    wide, deep = build.rng.uniform(0.4, 0.8), build.rng.uniform(0.3, 0.5)
    build.add("box", (0, high, 0), (wide, 0.04, deep), tint, 2)
    for x in (-1, 1):
        for z in (-1, 1):
            at = (x * (wide - 0.06), high / 2, z * (deep - 0.06))
            build.add("tube", at, (0.04, high / 2, 0.04), tint)


def chair(build: Builder) -> None:
    """Four legs, a seat and a back."""
    tint, high = colour(build.rng), build.rng.uniform(0.4, 0.5)
    build.add("box", (0, high, 0), (0.22, 0.03, 0.22), tint)
    build.add("box", (0, high + 0.3, 0.2), (0.22, 0.27, 0.03), tint, 2)
    for x in (-0.18, 0.18):
        for z in (-0.18, 0.18):
            build.add("tube", (x, high / 2, z), (0.025, high / 2, 0.025), tint)


def bench(build: Builder) -> None:
    """A board on two feet."""
    tint, wide = colour(build.rng), build.rng.uniform(0.6, 0.9)
    build.add("box", (0, 0.45, 0), (wide, 0.04, 0.2), tint, 2)
    for x in (-1, 1):
        build.add("box", (x * (wide - 0.1), 0.2, 0), (0.04, 0.22, 0.18), tint)


def lamp(build: Builder) -> None:
    """A foot, a rod and a shade."""
    high = build.rng.uniform(1.3, 2.0)
    build.add("tube", (0, 0.03, 0), (0.16, 0.03, 0.16), colour(build.rng))
    build.add("tube", (0, high / 2, 0), (0.03, high / 2, 0.03), colour(build.rng))
    build.add("ball", (0, high, 0), (0.2, 0.16, 0.2), colour(build.rng, 0.7, 1.0))


def ball(build: Builder) -> None:
    """One of four patterns."""
    radius = build.rng.uniform(0.15, 0.4)
    pattern = int(build.rng.integers(PATTERNS))
    build.add("ball", (0, radius, 0), (radius, radius, radius), colour(build.rng), pattern)


def crate(build: Builder) -> None:
    """A box, sometimes with a smaller one on it."""
    size = tuple(build.rng.uniform(0.15, 0.45, 3).tolist())
    tint = colour(build.rng)
    build.add("box", (0, size[1], 0), size, tint, int(build.rng.integers(PATTERNS)))
    if build.rng.random() < 0.4:
        build.add("box", (0.05, 2 * size[1] + 0.15, 0), (0.15, 0.15, 0.15), colour(build.rng), 1)


def pillar(build: Builder) -> None:
    """A column on its base."""
    radius, high = build.rng.uniform(0.12, 0.25), build.rng.uniform(1.0, 1.6)
    tint, pattern = colour(build.rng, 0.5), int(build.rng.integers(PATTERNS))
    build.add("tube", (0, high, 0), (radius, high, radius), tint, pattern)
    build.add("box", (0, 0.06, 0), (1.4 * radius, 0.06, 1.4 * radius), tint)


def tree(build: Builder) -> None:
    """A trunk under three balls of leaves."""
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


def car(build: Builder) -> None:
    """Two boxes on four wheels, along the street."""
    tint, dark = colour(build.rng), np.full(3, 0.08, np.float32)
    build.angle = build.rng.normal(0, 0.15)
    build.add("box", (0, 0.55, 0), (0.8, 0.3, 1.8), tint)
    build.add("box", (0, 1.05, -0.1), (0.68, 0.28, 0.95), 0.6 * tint)
    for x in (-0.8, 0.8):
        for z in (-1.1, 1.1):
            build.add("ball", (x, 0.3, z), (0.12, 0.3, 0.3), dark)


def person(build: Builder) -> None:
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
