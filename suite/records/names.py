"""What names in records may be made of: they become paths, table cells and messages."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

PLAIN = "A-Za-z0-9"
TrackSlug = Annotated[str, Field(pattern=rf"^[{PLAIN}][{PLAIN}._-]*@[0-9]+(-[{PLAIN} ._+-]+)?$")]
"""`name@version`, and what of the track is used: `glue@1-local6-cola+sst2`."""
PlaceName = Annotated[str, Field(pattern=rf"^[{PLAIN}][{PLAIN} ._+@-]*$")]
"""A track's slug, or the name of a backbone that steps were timed on."""
TaskName = Annotated[str, Field(pattern=rf"^[{PLAIN}]([{PLAIN} ._-]*[{PLAIN}._-])?$")]
MetricName = Annotated[str, Field(pattern=rf"^[{PLAIN}][{PLAIN}._-]*$")]
MethodName = Annotated[str, Field(pattern=rf"^[{PLAIN}][{PLAIN}_-]*$")]
OptionName = Annotated[str, Field(pattern=rf"^[{PLAIN}_]+$")]
OptionValue = bool | int | float | Annotated[str, Field(pattern=rf"^[{PLAIN}._-]*$")] | None
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

_PART = re.compile(rf"[{PLAIN}][{PLAIN} ._+@=-]*")


def safe_part(part: str) -> bool:
    """Whether `part` is one step of a path downwards, and nothing else."""
    return _PART.fullmatch(part) is not None


def printable(text: object) -> str:
    r"""`text` on one line; `\x1b` and the like stand for what would act on a terminal.

    What people write stays as it is, whatever the language.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text)
    )
