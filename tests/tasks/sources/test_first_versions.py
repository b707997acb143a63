"""First versions of tracks give what they always gave: told from before there were second ones."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import odd_archives
import pytest

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.dense.pipelines import make_pipeline
from seesaw.tasks.families.dense.sample import Array, Sample, form
from seesaw.tasks.families.dense.transforms import unit

NAMES = [f"2008_{number:06d}" for number in range(12)]


def told(labels: dict[str, Array]) -> tuple[str, float]:
    """Hash of all that is whole or a fraction of it, and a sum over vectors, which CPUs round."""
    digest, total = hashlib.sha256(), 0.0
    for name, label in labels.items():
        if form(label) == "vectors" and label.dtype != np.uint8:
            total += float((label.astype(np.float64).ravel() * (np.arange(label.size) % 97)).sum())
        else:
            digest.update(repr((name, label.shape, str(label.dtype))).encode())
            digest.update(np.ascontiguousarray(label).tobytes())
    return digest.hexdigest()[:16], total


def seen(sample: Sample) -> tuple[str, float]:
    return told({**sample.labels, **{f"scored {k}": v for k, v in sample.scored.items()}})


ARCHIVES = {
    "pascal-context@1": [("96ee57e6fdcfba39", -4420.423010), ("cebef13026dbaf86", -7556.413147)],
    "pascal-context-legacy@1": [
        ("c53035f259f73d9f", 4622.564895),
        ("7305228d2e3581f4", 3133.339736),
    ],
    "nyud@1": [("425a3dc6196dc9fe", 6390.569710), ("437e5700a535353a", 749.564215)],
}
"""What `told` says of the first test images."""
PIPELINES = {
    "photos@1": [
        ("721e1185ac7ca3c3", 100786.719, "606fad173e42d5f5"),
        ("048a078d7e8ab3fd", 96746.036, "5a8f75f0be09a931"),
    ],
    "pascal-context@1": [
        ("0a6fb5e1187388c5", 67956.871, "606fad173e42d5f5"),
        ("4d04f564ed4ef6b2", 92177.262, "5a8f75f0be09a931"),
    ],
    "pascal-context-legacy@1": [
        ("b4c5e7ec9c4c803d", 67956.871, "606fad173e42d5f5"),
        ("e679f406b09a2b23", 92177.262, "5a8f75f0be09a931"),
    ],
    "nyud@1": [
        ("c18b53b3a9e74198", 94669.542, "606fad173e42d5f5"),
        ("048a078d7e8ab3fd", 96746.034, "5a8f75f0be09a931"),
    ],
}
"""What `told` says of drawn samples, augmented, and the hash of their images for testing."""


def drawn(seed: int) -> Sample:
    rng = np.random.default_rng(seed)
    shape = (57, 83)
    normals = unit(rng.integers(-9, 10, (*shape, 3)) + np.array([0, 0, 10]))
    normals = normals * (rng.random(shape) < 0.8)[..., None].astype(np.float32)
    parts = rng.integers(0, 7, shape, np.uint8) if seed % 2 else np.full(shape, 255, np.uint8)
    labels = {
        "semseg": rng.integers(0, 21, shape, np.uint8),
        "human_parts": parts,
        "normals": normals,
        "depth": (rng.integers(0, 80, shape) / 8).astype(np.float32),
    }
    return Sample("drawn", rng.integers(0, 256, (*shape, 3), np.uint8), labels)


@pytest.mark.parametrize("slug", PIPELINES)
@pytest.mark.parametrize("seed", [1, 2])
def test_pipelines(slug: str, seed: int) -> None:
    recipe: Any = get_track(slug).recipe
    pipeline = make_pipeline(recipe.pipeline, recipe.pixels, (48, 64))
    found = pipeline.train(drawn(seed), np.random.default_rng(seed))
    digest, total = told({"image": found.image, **found.labels})
    wanted, near, tested = PIPELINES[slug][seed - 1]
    assert digest == wanted
    assert total == pytest.approx(near, abs=0.02)
    image = pipeline.test(drawn(seed)).image
    assert hashlib.sha256(image.tobytes()).hexdigest()[:16] == tested


@pytest.mark.parametrize("slug", ARCHIVES)
def test_archives(slug: str, tmp_path: Path) -> None:
    make = odd_archives.nyud if slug.startswith("nyud") else odd_archives.pascal
    _, data = get_track(slug).load_data(make(tmp_path / "archive", NAMES))
    for index, (wanted, near) in enumerate(ARCHIVES[slug]):
        digest, total = seen(data.splits["test"][index])
        assert digest == wanted
        assert total == pytest.approx(near, abs=0.02)


def test_records_of_first_versions_do_not_know_of_pixels() -> None:
    first, second = (get_track(f"pascal-context@{version}").recipe for version in (1, 2))
    assert "pixels" not in first.model_dump(mode="json")
    assert second.model_dump(mode="json")["pixels"] == "opencv"
