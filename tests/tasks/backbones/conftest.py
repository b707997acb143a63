"""An index with a tiny DINOv2 in a wheel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from packages import converted, dinov2_graph, sha256, vit, wheel

from seesaw.tasks.backbones import files
from seesaw.tasks.backbones.packaged import Packaged

FILE = "tiny_focus/models/tiny.onnx"
Offer = Callable[..., Packaged]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip is set up for, and a cache that is empty."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files.sha256.cache_clear()
    return folder


@pytest.fixture
def offer(index: Path, tmp_path: Path) -> Offer:
    """Puts a wheel with a tiny DINOv2 into the index, and describes it."""

    by_hand = converted(dinov2_graph(vit()), tmp_path / "by-hand")

    def put(graph: bytes | None = None, **changes: object) -> Packaged:
        content = graph or dinov2_graph(vit())
        served = wheel(index, "tiny_focus", {FILE: content})
        known = {
            "name": "tiny",
            "description": "two random blocks",
            "model": "somebody/tiny",
            "hub_serves": False,
            "wheel": served.name,
            "wheel_sha256": sha256(served.read_bytes()),
            "files": (FILE,),
            "converter": "dinov2",
            "sha256": sha256(by_hand.read_bytes()),
            "licence": "MIT",
            "download": served.stat().st_size,
            "parameters": 1,
        }
        return Packaged.model_validate({**known, **changes})

    return put
