"""Where an update reads and writes: places, and how a track asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, order=True)
class Place:
    """One adapted place: the linear whose input an update reads, and the one it adds to.

    As text it is the linear's name, or `reads -> writes` for an update beside a whole block.
    """

    reads: str
    writes: str

    @classmethod
    def at(cls, linear: str) -> Self:
        """The place of an update that reads and writes the same linear."""
        return cls(linear, linear)

    @classmethod
    def paired(cls, linear: str, reads: Mapping[str, str]) -> Self | None:
        """The place beside a block that ends in `linear`; None if `reads` names no such block.

        Args:
            linear: module name of the linear whose output the update is added to.
            reads: as in `Placement`.
        """
        for pattern, template in reads.items():
            match = re.fullmatch(pattern, linear)
            if match:
                return cls(match.expand(template), linear)
        return None

    @property
    def beside(self) -> bool:
        """Whether the update stands beside a block instead of beside one linear."""
        return self.reads != self.writes

    def __str__(self) -> str:
        return f"{self.reads} -> {self.writes}" if self.beside else self.writes


Linears = Mapping[str, tuple[int, int]]
"""Linear layers by module name: (d_in, d_out)."""
Shapes = Mapping[Place, tuple[int, int]]
"""Adapted places: (d_in, d_out) of what is read and of what is written."""


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

    Raises:
        ValueError: `backbone_rank` is set and `reads` is empty.
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

    def shapes(self, linears: Linears) -> dict[Place, tuple[int, int]]:
        """Adapted places among all `linears` of a model.

        Raises:
            ValueError: nothing matches, or the linear that a pair reads is not there.
        """
        places: dict[Place, tuple[int, int]] = {}
        for name, (d_in, d_out) in linears.items():
            if not re.fullmatch(self.linears, name):
                continue
            pair = Place.paired(name, self.reads)
            if pair is None or self.backbone_rank:
                places[Place.at(name)] = d_in, d_out
            if pair is not None:
                if pair.reads not in linears:
                    raise ValueError(
                        f"reads: {name} shall read {pair.reads}, which is no linear layer"
                    )
                places[pair] = linears[pair.reads][0], d_out
        if not places:
            raise ValueError(f"linears = {self.linears!r} matches no linear layer of the backbone")
        return places
