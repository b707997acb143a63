"""The files that weights are in: their names, their hashes, and quiet while they are loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from transformers.utils import logging

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
"""Weights in one file, or the list of those they are in."""


@cache
def sha256(path: Path) -> str:
    """Hash of a file; of weights in several files, the hash of all their hashes."""
    if path.name == INDEX:
        names = sorted(set(json.loads(path.read_text())["weight_map"].values()))
        hashes = [sha256(path.parent / name) for name in names]
        return hashlib.sha256("".join(hashes).encode()).hexdigest()
    return fresh_sha256(path)


def fresh_sha256(path: Path) -> str:
    """Hash of a file as it is now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers from printing what is as we want it."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
