"""What is read from disk for dense tracks: whatever is wrong is said with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from seesaw.tasks.families.dense.files import MANIFEST, Layout, manifest_hash
from seesaw.tasks.task import DataError

LAYOUT = Layout(folders=(("images/{id}.jpg",),), splits={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"a")
    return tmp_path


@pytest.mark.parametrize("target", ["nowhere", "b.jpg"], ids=["broken", "looping"])
def test_a_bad_link_is_named(folder: Path, target: str) -> None:
    (folder / "images" / "b.jpg").symlink_to(folder / "images" / target)
    with pytest.raises(DataError, match=r"images/b\.jpg"):
        manifest_hash(folder, LAYOUT)


@pytest.mark.parametrize("content", [b"{", "{}".encode("utf-16"), b"[" * 100_000])
def test_a_damaged_manifest_is_named(folder: Path, content: bytes) -> None:
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(DataError, match=f"{MANIFEST} cannot be read as JSON"):
        manifest_hash(folder, LAYOUT)
