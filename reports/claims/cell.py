"""Which runs a claim means: an entry on some tasks of a track under one budget."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from seesaw.suite.records.spec import variant

ENTRY = re.compile(r"([\w-]+)(?:\[([^\]]*)\])?(?: @ ([\d_]+))?")
"""A method, its options, and a budget of its own: `smora[active=4] @ 165_888`."""


@dataclass(frozen=True)
class Facts:
    """What must be known of a track: its default budget, its tasks, whether it takes a folder."""

    slug: str
    budget: int
    tasks: tuple[str, ...]
    takes_data: bool


@dataclass(frozen=True)
class Cell:
    """An entry in one place: whose runs are looked for.

    `track` is its slug, `tasks` those it is trained on, all of them if empty, and `asked` the
    method as on the command line.
    """

    track: str
    tasks: tuple[str, ...]
    budget: int
    asked: str

    @property
    def label(self) -> str:
        """The method with its options, as in records: `smora+active=4`."""
        match = re.fullmatch(ENTRY, self.asked)
        assert match is not None  # parts are checked when they are read
        options = dict(item.split("=", 1) for item in filter(None, (match[2] or "").split(",")))
        return variant(match[1], options)

    @classmethod
    def of(cls, entry: str, facts: Facts, tasks: Sequence[str] = ()) -> Self:
        """The cell of an entry as parts write it: `smora[active=4] @ 165_888`."""
        asked, _, budget = entry.partition(" @ ")
        return cls(facts.slug, tuple(tasks), int(budget) if budget else facts.budget, asked)

    def holds(self, slug: str) -> bool:
        """Whether records of this slug are of its track and tasks; local data may stand in."""
        tasks = f"-{'+'.join(self.tasks)}" if self.tasks else ""
        return (
            re.fullmatch(rf"{re.escape(self.track)}(-local\d+)?{re.escape(tasks)}", slug)
            is not None
        )
