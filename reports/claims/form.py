"""The words of `claims.toml`: a claim, its parts, and the rule by which runs decide each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, PositiveFloat, model_validator

from seesaw.reports.board import SEEDS_FOR_RANKS
from seesaw.reports.claims.cell import ENTRY, Cell, Facts
from seesaw.reports.statistics import MARGIN
from seesaw.tasks.strict import StrictModel

Words = Annotated[str, Field(min_length=1)]
Pair = tuple[Words, Words]


class Part(StrictModel):
    """What all rules have in common.

    A part is judged on each of its tracks, by as many seeds. `tuned` asks for tuned entries;
    without it they are taken where they are there. `need` says how many of its rows must hold.
    """

    tracks: tuple[Words, ...] = Field(min_length=1)
    seeds: int = Field(SEEDS_FOR_RANKS, ge=2)
    tuned: bool = False
    need: Literal["all", "most", "any"] = "all"

    @property
    def entries(self) -> Iterator[str]:
        """Every entry that it names."""
        raise NotImplementedError

    @property
    def places(self) -> Mapping[str, Sequence[str]]:
        """Every track that it names, with the tasks it names of it."""
        return dict.fromkeys(self.tracks, ())

    def cells(self, facts: Mapping[str, Facts], track: str) -> list[Cell]:
        """What runs are needed on one of its tracks."""
        return [Cell.of(entry, facts[track]) for entry in dict.fromkeys(self.entries)]

    @model_validator(mode="after")
    def _entries_are_ones(self) -> Self:
        for entry in self.entries:
            if not ENTRY.fullmatch(entry):
                raise ValueError(f"{entry!r} is no entry such as smora[active=4] @ 165_888")
        return self


class Compared(Part):
    """The first of every pair against the second one: over it, not under it, or beside it."""

    rule: Literal["better", "not_worse", "equivalent"]
    pairs: tuple[Pair, ...] = Field(min_length=1)
    margin: PositiveFloat = MARGIN
    measure: Literal["score", "entropy"] = "score"

    @property
    def entries(self) -> Iterator[str]:
        """Both of every pair."""
        return (entry for pair in self.pairs for entry in pair)


class Point(StrictModel):
    """One step of a trend: where it stands, and what differs there from the rest of the part."""

    at: float
    entry: str | None = None
    track: str | None = None
    tasks: tuple[Words, ...] = ()


class Trend(Part):
    """How a score, or the gain over another entry, changes along some points.

    What is judged is the change from the lowest point to the highest along the line through all.
    """

    rule: Literal["rises", "falls", "flat"]
    entry: Words
    over: Words | None = None
    points: tuple[Point, ...] = Field(min_length=2)
    scored: tuple[Words, ...] = ()
    margin: PositiveFloat = MARGIN

    @property
    def entries(self) -> Iterator[str]:
        """That of every point, and what it is compared with."""
        yield from (point.entry or self.entry for point in self.points)
        yield from () if self.over is None else (self.over,)

    @property
    def places(self) -> Mapping[str, Sequence[str]]:
        """Tracks of points too."""
        found: dict[str, Sequence[str]] = {}
        for own in self.tracks:
            for point in self.points:
                known = (*found.get(point.track or own, ()), *point.tasks, *self.scored)
                found[point.track or own] = known
        return found

    def at(self, point: Point, facts: Mapping[str, Facts], track: str) -> tuple[Cell, Cell | None]:
        """The entry at a point, and what it is compared with there."""
        own = facts[point.track or track]
        over = None if self.over is None else Cell.of(self.over, own, point.tasks)
        return Cell.of(point.entry or self.entry, own, point.tasks), over

    def cells(self, facts: Mapping[str, Facts], track: str) -> list[Cell]:
        """Of all points."""
        both = [self.at(point, facts, track) for point in self.points]
        return list(dict.fromkeys(cell for pair in both for cell in pair if cell is not None))


class Depth(Part):
    """Whether the share of the gate that shared experts get shrinks from the first layer on."""

    rule: Literal["shared_early"]
    entry: Words
    margin: PositiveFloat = 1.0

    @property
    def entries(self) -> Iterator[str]:
        """The one."""
        yield self.entry


class Counted(Part):
    """Whether a count of the first of a pair is at most so many times the second one's."""

    rule: Literal["at_most"]
    pair: Pair
    count: Literal["parameters", "step"]
    times: PositiveFloat

    @property
    def entries(self) -> Iterator[str]:
        """Both."""
        yield from self.pair

    @property
    def places(self) -> Mapping[str, Sequence[str]]:
        """None where steps are timed: that is done on bare backbones too."""
        return {} if self.count == "step" else super().places

    def cells(self, facts: Mapping[str, Facts], track: str) -> list[Cell]:
        """None where steps are timed: those are no runs."""
        return [] if self.count == "step" else super().cells(facts, track)


class Front(Part):
    """Whether an entry is better than all of some others that take no more operations."""

    rule: Literal["front"]
    entry: Words
    among: tuple[Words, ...] = Field(min_length=1)
    margin: PositiveFloat = MARGIN

    @property
    def entries(self) -> Iterator[str]:
        """All of them."""
        yield from (self.entry, *self.among)


class Rates(Part):
    """The best learning rate of the first of every pair over the second one's, out of trials.

    They differ where that ratio is surely not 1, and are equivalent where it is surely within
    `ratio`; or the ratio is to lie within it.
    """

    rule: Literal["rates_differ", "rates_within"]
    pairs: tuple[Pair, ...] = Field(min_length=1)
    ratio: tuple[PositiveFloat, PositiveFloat]
    tuned: Literal[True] = True

    @property
    def entries(self) -> Iterator[str]:
        """Both of every pair."""
        return (entry for pair in self.pairs for entry in pair)


RULES: Mapping[str, type[Part]] = {
    rule: kind
    for kind in (Compared, Trend, Depth, Counted, Front, Rates)
    for rule in get_args(kind.model_fields["rule"].annotation)
}


class Claim(StrictModel):
    """What a paper says, its number, and what decides it.

    `command` is what would decide it in the paper's own setting; `lacks` says why nothing of it is
    run here, `note` what our experiment leaves out or changes.
    """

    id: Annotated[str, Field(pattern="^[0-9]+[a-z]?$")]
    says: Words
    paper: Words
    number: Words
    command: Words
    note: str = ""
    lacks: str = ""
    parts: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _decided_or_not(self) -> Self:
        if bool(self.parts) == bool(self.lacks):
            raise ValueError("it must have either parts, or lacks, which says why it has none")
        return self
