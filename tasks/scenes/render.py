"""An image and exact labels of five tasks from a scene, by casting a ray per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import laplace
from skimage.morphology import thin

from tasks.scenes.compose import CLASSES, FIRST_THING, Scene, compose
from tasks.scenes.geometry import FAR, Array, Hits, World

IGNORE = 255
FIELD = 1.1
"""Field of view in radians, across."""


@dataclass(frozen=True)
class Rendered:
    """Image (H, W, 3) uint8 and labels (H, W) uint8 of one scene.

    `semseg` holds classes, `parts` the body parts, 255 everywhere if nobody is in the picture,
    `saliency` and `edges` 0 or 1, `normals` (H, W, 3) float32 in the camera's frame (x right, y up,
    z towards the camera), zero where there is no surface.
    """

    image: NDArray[np.uint8]
    semseg: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    saliency: NDArray[np.uint8]
    normals: Array
    edges: NDArray[np.uint8]


def render(seed: int, size: int = 96) -> Rendered:
    """The scene of `seed`, square."""
    scene = compose(np.random.default_rng(seed))
    world = World(scene.shapes)
    rays = _rays(scene, size)
    hits = world.hit(*rays)
    owner, part = (
        _looked_up(hits, [getattr(s, name) for s in scene.shapes]) for name in ("owner", "part")
    )
    classes = np.where(owner < 0, 0, np.array(scene.owners)[owner])
    grid = (size, size)
    owner, classes = owner.reshape(grid), classes.reshape(grid)
    people = classes == CLASSES.index("person")
    parts = np.where(people, part.reshape(grid), 0) if people.any() else np.full(grid, IGNORE)
    normals = (hits.normal @ scene.view * np.array([1, 1, -1], np.float32)).reshape(*grid, 3)
    image = np.asarray(255 * _picture(scene, world, hits, rays, seed) + 0.5, np.uint8)
    return Rendered(
        image=image.reshape(*grid, 3),
        semseg=classes.astype(np.uint8),
        parts=parts.astype(np.uint8),
        saliency=salient(owner, classes).astype(np.uint8),
        normals=normals.astype(np.float32),
        edges=boundaries(classes).astype(np.uint8),
    )


def boundaries(classes: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a Laplacian of the label map is not zero, thinned (the rule of PASCAL-Context)."""
    return np.asarray(thin(laplace(classes.astype(np.float64), mode="mirror") != 0))


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
        person = classes[rows[0], columns[0]] == CLASSES.index("person")
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
    grain = np.sin(place @ np.array([37.0, 57.0, 47.0], np.float32) * 3) * np.sin(place[:, 0] * 91)
    return np.choose(
        pattern, (np.ones_like(checks), 1 - 0.35 * checks, 1 - 0.3 * stripes, 1 + 0.2 * grain)
    )
