"""Writing pages, and what they link to."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path


def replace(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(temporary, path)


def remove_others(folder: Path, kept: Iterable[Path]) -> None:
    """Remove what is left in a folder of ours from another time."""
    there = set(kept)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in there:
            path.unlink()


def linked(address: str, out: Path) -> str:
    """An address as a link from a page in `out`: one of this file system is relative to it."""
    return Path(os.path.relpath(address, out)).as_posix() if Path(address).exists() else address
