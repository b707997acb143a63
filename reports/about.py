"""What a method is, in a sentence and an equation, for pages that must not load methods."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from latex2mathml.converter import convert
from markupsafe import Markup

from seesaw.tasks.strict import StrictModel

FILE = Path(__file__).parent / "methods.toml"


class About(StrictModel):
    """One method; `equation` is its update in LaTeX."""

    equation: str
    says: str
    paper: str | None = None

    @property
    def mathml(self) -> Markup:
        """The equation, which browsers show without a script."""
        return Markup(convert(self.equation, display="block"))


@cache
def methods() -> Mapping[str, About]:
    """All that is known, by name."""
    raw = tomllib.loads(FILE.read_text())
    return {name: About.model_validate(own) for name, own in raw.items()}
