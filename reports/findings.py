"""`FINDINGS.md`: what we learnt, a text of ours in which every number comes from stored runs.

The text says what it takes a comparison to be, as in `gain("ase", "stories@2", "better")`. Where
stored runs say otherwise there is no page: somebody has to write it anew.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined

from seesaw.reports.board import Entry
from seesaw.reports.claims import page as claims_page
from seesaw.reports.claims.decide import Decided
from seesaw.reports.claims.verdict import Said
from seesaw.reports.comparison import Comparison
from seesaw.reports.intervals import Verdict
from seesaw.reports.judgement import LORA, Judgement
from seesaw.reports.markup import link
from seesaw.reports.pages.shown import entry_address

PAGE = "FINDINGS.md"
FILE = Path(__file__).parent / "findings.jinja"
Address = Callable[[Judgement, Entry], str]
"""Where the runs of an entry are, as a link from the page."""


class UnfoundedError(Exception):
    """A text says what stored runs do not; the message names every such place."""


class Placed(NamedTuple):
    """An entry on its board."""

    judged: Judgement
    entry: Entry


class Finder:
    """What a text may ask stored runs for; answers are Markdown.

    A board is named by its track. It is the one of the budget with most runs, and the one whose
    entries were tuned where `tuned` says so.

    Args:
        found: all boards, in their order.
        decided: the papers' claims.
        address: of runs.
        claims: the page of claims, as a link.
    """

    def __init__(
        self,
        found: Sequence[Judgement],
        decided: Sequence[Decided],
        address: Address,
        claims: str,
    ) -> None:
        self.boards: dict[tuple[str, bool], Judgement] = {}
        for judged in found:
            if judged.board.kind == "total":
                own = judged.board.track, judged.board.tuned is not None
                self.boards.setdefault(own, judged)  # those with most runs stand first
        self.decided = {own.claim.id: own for own in decided}
        self.address, self.claims = address, claims

    def score(self, entry: str, track: str, tuned: bool = False) -> str:
        """The average with its interval."""
        own = self._placed(entry, track, tuned)
        interval = own.judged.interval(own.entry)
        if interval is None:
            raise UnfoundedError(f"{entry} on {track}: no interval")
        return link(interval, self.address(*own))

    def gain(
        self, entry: str, track: str, says: Verdict, over: str = LORA, tuned: bool = False
    ) -> str:
        """What an entry gains over another one of the board, with its interval."""
        own, other = (self._placed(name, track, tuned) for name in (entry, over))
        keys = [one.key for one in own.judged.board.entries]
        found = own.judged.pairs.against(other.entry.key, keys).get(own.entry.key)
        where = f"{track}, tuned" if tuned else track
        return self._compared(found, own, says, f"{entry} over {over} on {where}")

    def task(self, entry: str, track: str, task: str, says: Verdict, tuned: bool = False) -> str:
        """What it gains on a task over a LoRA for that task alone, with its interval."""
        own = self._placed(entry, track, tuned)
        found = own.judged.seesaw(own.entry).get(task)
        return self._compared(found, own, says, f"{entry} on {task} of {track} over a LoRA for it")

    def falls(self, entry: str, track: str, tuned: bool = False) -> str:
        """How many of the tasks are surely worse than with a LoRA for each of them alone."""
        own = self._placed(entry, track, tuned)
        found = own.judged.falls(own.entry)
        if found is None:
            raise UnfoundedError(f"{entry} on {track}: no LoRA for every task alone")
        return link(f"{len(found)} of {len(own.judged.board.tasks)}", self.address(*own))

    def claim(self, number: str, says: Said) -> str:
        """A claim by its number, and what came of it."""
        own = self.decided.get(number)
        if own is None or own.said != says:
            raise UnfoundedError(f"claim {number} is {says}; runs: {own and own.said}")
        return link(f"claim {number}", self.claims)

    def rate(self, entry: str, track: str) -> str:
        """The learning rate that tuning chose."""
        own = self._placed(entry, track, True).entry.tuned
        return "" if own is None else f"{own.values['learning_rate']:.1e}"

    def seeds(self, track: str, tuned: bool = False) -> str:
        """With how many seeds the entries of a board were run."""
        counts = sorted({len(own.seeds) for own in self._board(track, tuned).board.entries})
        return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"

    def _board(self, track: str, tuned: bool) -> Judgement:
        if (track, tuned) not in self.boards:
            raise UnfoundedError(f"no {'tuned ' if tuned else ''}board of {track}")
        return self.boards[track, tuned]

    def _placed(self, entry: str, track: str, tuned: bool) -> Placed:
        judged = self._board(track, tuned)
        found = judged.board.entry(entry)
        if found is None:
            raise UnfoundedError(f"no {entry} on {'the tuned board of ' if tuned else ''}{track}")
        return Placed(judged, found)

    def _compared(self, found: Comparison | None, own: Placed, says: Verdict, what: str) -> str:
        if found is None:
            raise UnfoundedError(f"{what}: no two seeds in common")
        if found.verdict != says:
            raise UnfoundedError(f"{what} is {says}; runs: {found.verdict}, {found.gain.signed}")
        return link(found.gain.signed, self.address(*own))


ASKED = ("score", "gain", "task", "falls", "claim", "rate", "seeds")
"""What a text may call."""


def pages(
    text: str, found: Sequence[Judgement], decided: Sequence[Decided], results: str
) -> tuple[str, str]:
    """The page beside the leaderboard, and that of the site; empty without a text.

    They are empty too, with a warning, where stored runs do not say what the text does.

    Args:
        text: a template that asks a `Finder`.
        found: all boards.
        decided: the papers' claims.
        results: the published store's address as a link from the first of the pages.
    """

    def stored(judged: Judgement, entry: Entry) -> str:
        return f"{results}/{entry.runs[0].path}.json"  # those of other seeds lie beside it

    def shown(judged: Judgement, entry: Entry) -> str:
        return entry_address(judged.board, entry, judged.board.entries.index(entry))

    try:
        here = markdown(text, Finder(found, decided, stored, claims_page.PAGE), "LEADERBOARD.md")
        there = markdown(text, Finder(found, decided, shown, "claims.html"), "index.html")
    except UnfoundedError as error:
        warnings.warn(f"{PAGE} is not made: {error}", stacklevel=2)
        return "", ""
    return here, there


def markdown(text: str, finder: Finder, leaderboard: str) -> str:
    """The page of a text, which may also name the leaderboard's address.

    Raises:
        UnfoundedError: stored runs do not say what the text does.
    """
    wrong: list[str] = []

    def asking(name: str) -> Callable[..., str]:
        def ask(*args: object, **named: object) -> str:
            try:
                answer: str = getattr(finder, name)(*args, **named)
            except UnfoundedError as error:
                wrong.append(str(error))
                return ""
            return answer

        return ask

    page = Environment(undefined=StrictUndefined).from_string(text)  # Markdown, and all of it ours
    made = page.render({name: asking(name) for name in ASKED}, leaderboard=leaderboard)
    if wrong:
        raise UnfoundedError("".join(f"\n  {own}" for own in wrong))
    return f"{made}\n" if made else ""
