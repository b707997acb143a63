"""What was trained and scored alike: a board, its entries, and their means over seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import mean

from seesaw.reports.statistics import Summary, delta_m
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import BudgetKind, Tuned

SEEDS_FOR_RANKS = 5
"""A board with fewer seeds for any entry is provisional and ranks nobody."""


REFERENCES: Mapping[BudgetKind, str] = {"total": "lora_per_task_full", "active": "lora_per_task"}
"""What Δm compares with: a LoRA for every task alone, each with the whole budget."""
FROZEN = "head_only"
"""The entry that is the backbone as it was; at the most a head is trained."""


CLOSE = 0.02
"""By how much, as a share, an entry's parameters may differ from its budget."""


@dataclass
class Entry:
    """All runs of one method, options and config on one board: one record per seed.

    Attributes:
        records: of the runs that ended `ok`, at least one.
        step_ratio: step time over that of a LoRA of equal total rank, from the newest speed record.
        stand_ins: of the frozen backbone, with the seeds with which the entry diverged.
    """

    name: str
    records: list[Record]
    step_ratio: float | None = None
    stand_ins: list[Record] = field(default_factory=list)

    @property
    def runs(self) -> list[Record]:
        """What it is scored with, by seed."""
        return sorted(self.records + self.stand_ins, key=lambda record: record.spec.seed)

    @property
    def key(self) -> str:
        """What tells it from the other entries of its board; names alone may be the same."""
        return f"{self.name} {json.dumps(self.records[0].spec.config, sort_keys=True)}"

    @property
    def seeds(self) -> list[int]:
        """Sorted."""
        return [record.spec.seed for record in self.runs]

    @property
    def routes_on(self) -> str:
        """What the method's gate depends on."""
        return self.records[0].routes_on

    @property
    def told_task(self) -> bool:
        """Whether the method needs the task's id."""
        return self.records[0].told_task

    @property
    def tuned(self) -> Tuned | None:
        """The best settings of as many trials as every entry of its board had; None untuned."""
        return self.records[0].spec.tuned

    @property
    def share(self) -> float | None:
        """Its parameters over its budget; None where they are the same within `CLOSE`."""
        spec, counts = self.records[0].spec, self.records[0].parameters
        if counts is None:
            return None
        own = counts.active if spec.budget_kind == "active" else counts.adapter
        return None if abs(own - spec.budget) <= CLOSE * spec.budget else own / spec.budget

    @property
    def passes(self) -> int:
        """Runs of the backbone per example."""
        cost = self.records[0].cost
        return cost.passes if cost else 1

    @property
    def forgotten(self) -> Summary | None:
        """Rise of a language model's loss on general text, nats per token; None for others."""
        found = [record.forgetting for record in self.records]
        rises = [own.after - own.before for own in found if own is not None]
        return Summary.of(rises) if rises else None

    def task(self, name: str) -> Summary:
        """Primary test score of one task, in its unit."""
        return Summary.of([record.scores()[name] for record in self.runs])

    @property
    def average(self) -> Summary | None:
        """Mean over tasks, summarised over seeds; None where not all are in points."""
        if any(task.unit != "points" for task in self.records[0].tasks.values()):
            return None
        return Summary.of([mean(record.scores().values()) for record in self.runs])

    def delta_m(self, reference: Entry | None, without: str = "") -> Summary | None:
        """Δm against `reference`, over all tasks or all but one; None if there is none."""
        if reference is None:
            return None
        tasks = self.records[0].tasks
        means = {name: reference.task(name).mean for name in tasks if name != without}
        lower = {name: task.lower_is_better for name, task in tasks.items()}
        found = [delta_m(record.scores(), means, lower) for record in self.runs]
        values = [value for value in found if value is not None]
        return Summary.of(values) if values else None


@dataclass
class Board:
    """Entries that were trained and scored under the same conditions."""

    track: str
    budget: int
    conditions: str
    entries: list[Entry] = field(default_factory=list)
    diverged: list[Record] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why what is asked for does not fit the budget, by name."""
    newer: str = ""
    """The newest version of its track that has a board; empty where this is it."""

    @property
    def name(self) -> str:
        """What tells it from the others, safe as a file name."""
        return f"{self.track}-{self.budget}-{self.conditions}"

    @property
    def kind(self) -> BudgetKind:
        """What its budget counts."""
        return self.example.spec.budget_kind

    @property
    def size(self) -> str:
        """Its budget in words."""
        return f"{self.budget:,} {'active ' if self.kind == 'active' else ''}parameters"

    @property
    def tasks(self) -> dict[str, str]:
        """Task names to the metric shown."""
        return {name: task.primary for name, task in self.example.tasks.items()}

    @property
    def runs(self) -> int:
        """How many there are of its entries."""
        return sum(len(entry.records) for entry in self.entries)

    @property
    def example(self) -> Record:
        """Any record of the board; baselines and sizes are the same in all of them."""
        return self.entries[0].records[0]

    def baseline(self, kind: str) -> dict[str, float]:
        """Scores by task of a trivial answer, `constant` or `bag_of_words`; empty without one."""
        tasks = self.example.tasks.items()
        known = {name: (task, getattr(task, kind)) for name, task in tasks}
        return {name: task.shown(values) for name, (task, values) in known.items() if values}

    @property
    def tuned(self) -> Tuned | None:
        """How its first entry was tuned, and so all of them; None with a track's own settings."""
        return self.entries[0].tuned

    def entry(self, name: str) -> Entry | None:
        """The first of a name, which two of different configs may share; None if there is none."""
        return next((entry for entry in self.entries if entry.name == name), None)

    @property
    def reference(self) -> Entry | None:
        """The entry that Δm compares with."""
        return self.entry(REFERENCES[self.kind])

    @property
    def has_average(self) -> bool:
        """Whether a mean over its tasks means something."""
        return self.entries[0].average is not None

    @property
    def blocks(self) -> dict[str, list[Entry]]:
        """Entries by whether the gate is told the task; best average, or Δm, first in each."""
        ordered = sorted(self.entries, key=lambda entry: (-self._merit(entry), entry.name))
        told = [entry for entry in ordered if entry.told_task]
        not_told = [entry for entry in ordered if not entry.told_task]
        named = {"not told the task": not_told, "told the task": told}
        return {title: entries for title, entries in named.items() if entries}

    def _merit(self, entry: Entry) -> float:
        found = entry.average or entry.delta_m(self.reference)
        return found.mean if found else 0.0
