"""An image and exact labels of five tasks from a scene, by casting a ray per pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.sample import IGNORE, Sample
from seesaw.tasks.sources.scenes.compose import DISTANT, CloseUp, compose
from seesaw.tasks.sources.scenes.geometry import FAR, Array, Hits, World, fused
from seesaw.tasks.sources.scenes.scene import CLASSES, FIRST_THING, Scene

PERSON = CLASSES.index("person")
FIELD = 1.1
"""Field of view in radians, across."""


def sample(seed: int, side: int = 96, close_up: CloseUp = DISTANT) -> Sample:
    """The scene of `seed`, square, with exact labels.

    `semseg` holds classes, `human_parts` body parts, 255 everywhere if nobody is in the picture,
    `saliency` and `edges` 0 or 1, `normals` directions in the camera's frame (x right, y up, z
    towards the camera), zero where there is no surface.
    """
    scene = compose(np.random.default_rng(seed), close_up)
    world = World(scene.shapes)
    rays = _rays(scene, side)
    hits = world.hit(*rays)
    grid = (side, side)
    owner = _looked_up(hits, [shape.owner for shape in scene.shapes]).reshape(grid)
    part = _looked_up(hits, [shape.part for shape in scene.shapes]).reshape(grid)
    classes = np.where(owner < 0, 0, np.array(scene.owners)[owner])
    people = classes == PERSON
    parts = np.where(people, part, 0) if people.any() else np.full(grid, IGNORE)
    normals = (hits.normal @ scene.view * np.array([1, 1, -1], np.float32)).reshape(*grid, 3)
    image = np.asarray(255 * _picture(scene, world, hits, rays, seed) + 0.5, np.uint8)
    labels: dict[str, Array] = {
        "semseg": classes.astype(np.uint8),
        "human_parts": parts.astype(np.uint8),
        "saliency": salient(owner, classes).astype(np.uint8),
        "normals": normals.astype(np.float32),
        "edges": laplacian(classes).astype(np.uint8),
    }
    scored = {"edges": outlines(classes).astype(np.uint8)}
    return Sample(f"{seed:07d}", image.reshape(*grid, 3), labels, scored)


def people(seed: int, side: int = 96) -> list[NDArray[np.bool_]]:
    """Where each person of a scene is seen, (side, side) each."""
    scene = compose(np.random.default_rng(seed))
    hits = World(scene.shapes).hit(*_rays(scene, side))
    owner = _looked_up(hits, [shape.owner for shape in scene.shapes]).reshape(side, side)
    masks = [owner == index for index, kind in enumerate(scene.owners) if kind == PERSON]
    return [mask for mask in masks if mask.any()]


def salient(owner: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The things that catch the eye.

    A thing's weight is its area times a Gaussian of its centroid's distance to the middle (a third
    of the side), doubled for people; all things of at least half the largest weight are salient.
    """
    side = len(owner)
    weights: dict[int, float] = {}
    for thing in np.unique(owner[classes >= FIRST_THING]).tolist():
        rows, columns = np.nonzero(owner == thing)
        off = np.hypot(rows.mean() - side / 2, columns.mean() - side / 2) / (side / 3)
        person = classes[rows[0], columns[0]] == PERSON
        weights[thing] = len(rows) * float(np.exp(-(off**2) / 2)) * (2 if person else 1)
    largest = max(weights.values(), default=0.0)
    chosen = [thing for thing, weight in weights.items() if weight >= largest / 2]
    return np.isin(owner, chosen)


def _rays(scene: Scene, size: int) -> tuple[Array, Array]:
    """Origins and directions through the middle of every pixel, row by row."""
    across = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    tangent = np.float32(np.tan(FIELD / 2))
    x, y = np.meshgrid(across * tangent, -across * tangent)
    ways = np.stack((x, y, np.ones_like(x)), axis=-1).reshape(-1, 3)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    ways = ways @ scene.view.T
    return np.broadcast_to(scene.camera, ways.shape), ways.astype(np.float32)


def _looked_up(hits: Hits, values: list[int]) -> NDArray[np.int64]:
    return np.where(hits.shape < 0, -1, np.array(values, np.int64)[hits.shape])


def _picture(scene: Scene, world: World, hits: Hits, rays: tuple[Array, Array], seed: int) -> Array:
    """RGB (rays, 3) in [0, 1]: diffuse light, hard shadows, textures, haze and a little noise."""
    origins, ways = rays
    points = origins + np.minimum(hits.distance, 100)[:, None] * ways
    tint = np.stack([shape.colour for shape in scene.shapes])[hits.shape]
    tint = tint * _texture(scene, hits)[:, None]
    towards = scene.light - points
    reach = np.linalg.norm(towards, axis=1).astype(np.float32)
    towards /= reach[:, None]
    facing = np.maximum((hits.normal * towards).sum(1), 0)
    lit = np.nonzero(facing)[0]
    start = (points + 1e-2 * hits.normal)[lit]
    facing[lit[world.blocked(start, towards[lit], reach[lit])]] *= 0.15
    haze = np.exp(-np.minimum(hits.distance, 100) / 40)[:, None]
    colours = haze * tint * (0.35 + 0.65 * facing)[:, None] + (1 - haze) * scene.sky
    colours = np.where((hits.distance >= FAR)[:, None], scene.sky, colours)
    noise = np.random.default_rng((seed, 1)).normal(0, 0.015, colours.shape)
    return np.asarray(np.clip(colours + noise, 0, 1), np.float32)


def _texture(scene: Scene, hits: Hits) -> Array:
    """A factor per ray: 1, checks, stripes or grain in the surface's own coordinates."""
    sizes = np.stack([shape.size for shape in scene.shapes])[hits.shape]
    place = hits.local * sizes
    pattern = np.array([shape.pattern for shape in scene.shapes])[hits.shape]
    checks = (np.floor(place / 0.35 + 1e-3).sum(1) % 2).astype(np.float32)
    stripes = (np.floor((place[:, 0] + place[:, 1]) / 0.12) % 2).astype(np.float32)
    x, y, z = place.T
    wave = fused(z, 47, fused(y, 57, 37 * x))
    grain = np.sin(wave * 3) * np.sin(x * 91)
    return np.choose(
        pattern, (np.ones_like(checks), 1 - 0.35 * checks, 1 - 0.3 * stripes, 1 + 0.2 * grain)
    )
