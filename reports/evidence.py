"""What a board is judged by: every entry's scores, by seed and with the pull of every test item."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cached_property, partial

import numpy as np
import pandas as pd

from seesaw.reports.board import Board, Entry
from seesaw.reports.quantity import Quantity, average, relative_gain
from seesaw.suite.records.record import Record, TaskResult
from seesaw.suite.records.store import Store, StoreError
from seesaw.tasks.families.influence import influences
from seesaw.tasks.families.sums import Vector

Pulls = Callable[[Record], Mapping[str, Vector]]
"""How far every test item pulls a run's score, by task and in its unit; of the tasks known so."""
POINTS = 100


def stored(store: Store) -> Pulls:
    """By the outcomes in a store; nothing of a record whose file is missing or another one."""
    return partial(_stored, store)


def unknown(_: Record) -> Mapping[str, Vector]:
    """Nothing of any record, where outcomes are not at hand."""
    return {}


class Evidence:
    """Quantities of one board.

    Args:
        board: whose entries they are of.
        pulls: asked once for every record.
    """

    def __init__(self, board: Board, pulls: Pulls) -> None:
        self.board, self.pulls = board, pulls
        self._known: dict[str, Mapping[str, Quantity]] = {}

    def tasks(self, entry: Entry) -> Mapping[str, Quantity]:
        """Scores by task, in its unit."""
        if entry.key not in self._known:
            self._known[entry.key] = self._read(entry)
        return self._known[entry.key]

    def overall(self, entry: Entry) -> Quantity | None:
        """The mean over tasks in points; Δm where some are in another unit, if that is known."""
        if self.board.has_average:
            return average(self.tasks(entry).values())
        return self.delta_m(entry, self.board.reference)

    def delta_m(self, entry: Entry, reference: Entry | None) -> Quantity | None:
        """Mean over tasks of the relative gain over another entry, in percent."""
        if reference is None or not set(entry.seeds) & set(reference.seeds):
            return None
        own, other = self.tasks(entry), self.tasks(reference)
        gains = [
            relative_gain(own[name], other[name], task.lower_is_better)
            for name, task in self.board.example.tasks.items()
        ]
        known = [gain for gain in gains if gain is not None]
        return average(known) if len(known) == len(gains) else None

    def gain(self, entry: Entry, over: Entry, task: str | None = None) -> Quantity | None:
        """By how much an entry is better, on a task or overall; of the seeds that both have."""
        if task is None:
            own, other = self.overall(entry), self.overall(over)
            return None if own is None or other is None else own - other
        difference = self.tasks(entry)[task] - self.tasks(over)[task]
        return difference * (-1 if self.board.example.tasks[task].lower_is_better else 1)

    def _read(self, entry: Entry) -> Mapping[str, Quantity]:
        records = entry.runs
        pulls = [self.pulls(record) for record in records]
        return {
            name: Quantity(
                {record.spec.seed: record.scores()[name] for record in records},
                _stacked([own.get(name) for own in pulls]),
            )
            for name in self.board.tasks
        }

    @cached_property
    def knows_items(self) -> bool:
        """Whether test items count as chance everywhere on the board."""
        return all(
            own.influences for entry in self.board.entries for own in self.tasks(entry).values()
        )


def _stored(store: Store, record: Record) -> Mapping[str, Vector]:
    try:
        found = pd.read_parquet(io.BytesIO(store.outcomes(record)))
    except StoreError:
        return {}
    test = found[found["split"] == "test"]
    own = {str(name): part for name, part in test.groupby("task", observed=True)}
    pulls = {name: _pull(own[name], task) for name, task in record.tasks.items() if name in own}
    return {name: pull for name, pull in pulls.items() if pull is not None}


def _pull(outcomes: pd.DataFrame, task: TaskResult) -> Vector | None:
    found = influences(outcomes, task.primary)
    return None if found is None else found * (POINTS if task.unit == "points" else 1)


def _stacked(pulls: list[Vector | None]) -> dict[int, Vector]:
    """By the number of items; nothing where a seed's are not known."""
    known = [own for own in pulls if own is not None]
    if len(known) < len(pulls) or len({len(own) for own in known}) != 1:
        return {}
    return {len(known[0]): np.stack(known)}
