"""The code that numbers come from, as one hash: ours, that of plug-ins, and what is installed."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions, entry_points
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("suite", "methods", "tasks")
SUFFIXES = (".py", ".toml")
GROUP = "seesaw.methods"


@cache
def code_sha256() -> str:
    """Hash of our code and tracks, of the packages that bring methods, and of installed versions.

    Nothing is imported for it. It is that of the time when it was asked for first.
    """
    digest = hashlib.sha256()
    for name, path in _files():
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    for line in sorted({f"{found.name}=={found.version}" for found in distributions()}):
        digest.update(line.encode())
    return digest.hexdigest()


def _files() -> Iterator[tuple[str, Path]]:
    for folder in CODE:
        yield from _below(folder, ROOT / folder)
    plugins = entry_points(group=GROUP)
    packages = {entry.module.partition(".")[0] for entry in plugins}
    for name in sorted(packages - {"seesaw"}):
        spec = importlib.util.find_spec(name)
        if spec is None:
            continue
        for folder in spec.submodule_search_locations or ():
            yield from _below(name, Path(folder))
        if spec.origin is not None and Path(spec.origin).is_file():
            yield name, Path(spec.origin)


def _below(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            yield f"{name}/{path.relative_to(folder).as_posix()}", path
