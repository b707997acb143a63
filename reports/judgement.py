"""What is said of the entries of a board: verdicts against controls, ranks, and what falls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from seesaw.reports.board import Board, Entry
from seesaw.reports.comparison import Comparison, Pairs, Rank, on_tasks, ranks
from seesaw.reports.evidence import Evidence, Pulls
from seesaw.reports.intervals import Interval

LORA, RANK, SHARED = "lora", "lora_rank", "lora_per_task"
CONTROLS = {
    "LoRA": LORA,
    "LoRA of its active rank": RANK,
    "equal weights": "molora_uniform",
    "random router": "molora_random",
    "a LoRA per task": SHARED,
}
"""What every entry is held against, by what a reader calls it."""
CLOSE = 0.1
"""By how much, as a share, active parameters of entries of one active rank may differ."""


class Judgement:
    """Of one board; nothing is computed before it is asked for.

    Args:
        board: what is judged.
        pulls: of the items that its runs answered.
        untuned: of a tuned board, the one with the track's own settings; None without one.
    """

    def __init__(self, board: Board, pulls: Pulls, untuned: Board | None = None) -> None:
        self.board, self.evidence = board, Evidence(board, pulls)
        self.untuned = untuned
        self._seesaw: dict[str, Mapping[str, Comparison]] = {}

    @cached_property
    def pairs(self) -> Pairs:
        """All of the board's."""
        return Pairs(self.evidence)

    @cached_property
    def ranks(self) -> Mapping[str, Rank]:
        """By key; of entries with enough seeds."""
        return ranks(self.evidence, self.pairs)

    def interval(self, entry: Entry) -> Interval | None:
        """Of the mean over tasks, or Δm where there is none."""
        own = self.evidence.overall(entry)
        return None if own is None else Interval.of(own)

    def delta_m(self, entry: Entry) -> Interval | None:
        """Of Δm to a LoRA for every task alone that has the whole budget."""
        own = self.evidence.delta_m(entry, self.board.reference)
        return None if own is None or entry is self.board.reference else Interval.of(own)

    def delta_m_shared(self, entry: Entry) -> Interval | None:
        """Of Δm to a LoRA for every task alone that share the budget out."""
        shared = self.board.entry(SHARED)
        own = self.evidence.delta_m(entry, shared)
        return None if own is None or entry is shared else Interval.of(own)

    @cached_property
    def against(self) -> Mapping[str, Mapping[str, Comparison]]:
        """Comparisons of entries, by key, with each of `CONTROLS` that is on the board."""
        found = {}
        for title, name in CONTROLS.items():
            if name == RANK:
                found[title] = self._against_its_rank()
            elif (control := self.board.entry(name)) is not None:
                found[title] = self.pairs.against(control.key, self._keys())
        return {title: own for title, own in found.items() if own}

    def falls(self, entry: Entry) -> Mapping[str, Comparison] | None:
        """The tasks on which an entry is surely worse than a LoRA for that task alone.

        None where nothing can be said, see `seesaw`.
        """
        judged = self.seesaw(entry)
        if not judged:
            return None
        return {task: own for task, own in judged.items() if own.verdict == "worse"}

    def seesaw(self, entry: Entry) -> Mapping[str, Comparison]:
        """What an entry gains, by task, over a LoRA for that task alone; tasks are one family.

        Empty where nothing can be said: that is not on the board, or has no two seeds in common.
        """
        reference = self.board.reference
        if reference is None or reference is entry:
            return {}
        if entry.key not in self._seesaw:  # tables, pages and figures all ask
            self._seesaw[entry.key] = on_tasks(self.evidence, entry, reference)
        return self._seesaw[entry.key]

    def _keys(self) -> list[str]:
        return [entry.key for entry in self.board.entries]

    def _against_its_rank(self) -> Mapping[str, Comparison]:
        """Each against the LoRA with as many parameters as are active in it, within a tenth."""
        plain = [e for e in self.board.entries if e.name.partition("+")[0] == RANK]
        families: dict[str, list[str]] = {}
        for entry in self.board.entries:
            own = _active(entry)
            close = [e for e in plain if abs(_active(e) - own) <= CLOSE * own and e is not entry]
            if close:
                nearest = min(close, key=lambda e: abs(_active(e) - own))
                families.setdefault(nearest.key, []).append(entry.key)
        found: dict[str, Comparison] = {}
        for control in plain:
            found |= self.pairs.against(control.key, families.get(control.key, []))
        return found


def _active(entry: Entry) -> int:
    counts = entry.records[0].parameters
    assert counts is not None  # every ok record has them
    return counts.active
