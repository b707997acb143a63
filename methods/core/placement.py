"""Where an update reads and writes: places by name, and how a track asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Shapes = Mapping[str, tuple[int, int]]
"""Adapted places by name: (d_in, d_out) of what is read and of what is written."""


PAIR = " -> "
"""Stands in the name of a place that reads one linear's input and adds to another's output."""


@dataclass(frozen=True)
class Placement:
    r"""Which linears of a backbone are adapted, and what an update beside one reads.

    Args:
        linears: regular expression, matched in full on module names.
        reads: where an update reads another input than its linear's: expressions over the names of
            adapted linears, each with a template for the linear whose input is read instead.
            `{r"(.*mlp)\.fc2": r"\1.fc1"}` puts the update beside the whole feed-forward block.
        backbone_rank: rank of a plain LoRA at every linear; then the method's own updates stand
            only where `reads` says so. ASE's paper form has 4.
    """

    linears: str
    reads: Mapping[str, str] = field(default_factory=dict)
    backbone_rank: int = 0

    def __post_init__(self) -> None:
        if self.backbone_rank and not self.reads:
            raise ValueError(
                f"backbone_rank is {self.backbone_rank} and reads is empty: the method would have "
                "no place; name the pairs in reads"
            )

    def shapes(self, linears: Shapes) -> dict[str, tuple[int, int]]:
        """Adapted places among all `linears` of a model.

        Raises:
            ValueError: nothing matches, or what a pair reads is not there.
        """
        places: dict[str, tuple[int, int]] = {}
        for name, (d_in, d_out) in linears.items():
            if not re.fullmatch(self.linears, name):
                continue
            read = read_name(name, self.reads)
            if read is None or self.backbone_rank:
                places[name] = d_in, d_out
            if read is not None:
                if read not in linears:
                    raise ValueError(f"reads: {name} shall read {read}, which is no linear layer")
                places[read + PAIR + name] = linears[read][0], d_out
        if not places:
            raise ValueError(f"linears = {self.linears!r} matches no linear layer of the backbone")
        return places


def written(place: str) -> str:
    """The linear that the update at `place` adds to."""
    return place.rpartition(PAIR)[2]


def read_name(linear: str, reads: Mapping[str, str]) -> str | None:
    """The linear whose input an update beside `linear` reads, if that is not `linear` itself."""
    for pattern, template in reads.items():
        match = re.fullmatch(pattern, linear)
        if match:
            return match.expand(template)
    return None
