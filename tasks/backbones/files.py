"""Names and hashes of the files that weights are in."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
"""Weights in one file, or the list of those they are in."""


@cache
def sha256(path: Path) -> str:
    """Hash of a file; of weights in several files, the hash of all their hashes."""
    if path.name == INDEX:
        names = sorted(set(json.loads(path.read_text())["weight_map"].values()))
        hashes = [sha256(path.parent / name) for name in names]
        return hashlib.sha256("".join(hashes).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
