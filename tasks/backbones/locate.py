"""Find, check and load frozen backbones: from a package, a folder or the hub."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from huggingface_hub import snapshot_download

from seesaw.tasks.backbones.files import INDEX, WEIGHTS, sha256
from seesaw.tasks.backbones.packaged import get_packaged
from seesaw.tasks.backbones.unpacked import weights_of
from seesaw.tasks.task import WeightsError
from seesaw.tasks.track import Backbone

FILES = (
    "model*.safetensors",
    INDEX,
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "spiece.model",
)
SHIPPED = Path(__file__).parents[1] / "weights"


def locate(backbone: Backbone, weights: str | None = None) -> Path:
    """The checked safetensors file, or list of them; what else is needed lies beside it.

    Args:
        backbone: what the track asks for.
        weights: a folder, a safetensors file or a hub id that serves it instead of what is there.

    Raises:
        WeightsError: no weights there, or their SHA-256 is another one.
    """
    path = _file(backbone, weights)
    if not path.is_file():
        raise WeightsError(f"no {path.name} in {path.parent}; {backbone.model} is needed there")
    if backbone.sha256 not in (None, found := sha256(path)):
        raise WeightsError(
            f"{path} has SHA-256 {found}, the track needs {backbone.sha256} ({backbone.model})"
        )
    return path


def _file(backbone: Backbone, weights: str | None) -> Path:
    if weights is not None and Path(weights).is_file():
        return Path(weights)
    if weights is not None and Path(weights).is_dir():
        return _in(Path(weights))
    if weights is None and backbone.file is not None:
        return SHIPPED / backbone.file
    if weights is None and backbone.packaged is not None:
        return weights_of(get_packaged(backbone.packaged))
    if weights is None and backbone.package is not None:
        spec = importlib.util.find_spec(backbone.package)
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent / "model" / WEIGHTS
    name = weights or backbone.model
    try:
        return _in(Path(snapshot_download(name, allow_patterns=list(FILES))))
    except (OSError, ValueError) as error:  # no network, no such repository, or no name of one
        raise WeightsError(
            f"{name} is neither here nor to be had from the hub; name a folder or a safetensors "
            f"file with WEIGHTS=..., or --weights ({type(error).__name__})"
        ) from None


def _in(folder: Path) -> Path:
    return folder / (INDEX if (folder / INDEX).is_file() else WEIGHTS)
