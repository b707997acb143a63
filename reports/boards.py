"""From records to boards: which runs belong together, and their means over seeds."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import mean

from seesaw.reports.statistics import Summary, delta_m
from seesaw.suite.records.record import Record, Tuned, track_of
from seesaw.suite.records.speed import SpeedRecord

SEEDS_FOR_RANKS = 5
"""A board with fewer seeds for any entry is provisional and ranks nobody."""


REFERENCE = "lora_per_task_full"
"""What Δm compares with: a LoRA for every task alone, each with the whole budget."""


@dataclass
class Entry:
    """All runs of one method, options and config on one board: one record per seed."""

    name: str
    records: list[Record]
    step_ratio: float | None = None
    """Step time over that of a LoRA of equal total rank, from the newest speed record."""

    @property
    def key(self) -> str:
        """What tells it from the other entries of its board; names alone may be the same."""
        return f"{self.name} {json.dumps(self.records[0].spec.config, sort_keys=True)}"

    @property
    def seeds(self) -> list[int]:
        """Sorted."""
        return sorted(record.spec.seed for record in self.records)

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
        return Summary.of([record.scores()[name] for record in self.records])

    @property
    def average(self) -> Summary | None:
        """Mean over tasks, summarised over seeds; None where not all are in points."""
        if any(task.unit != "points" for task in self.records[0].tasks.values()):
            return None
        return Summary.of([mean(record.scores().values()) for record in self.records])

    def delta_m(self, reference: Entry | None, without: str = "") -> Summary | None:
        """Δm against `reference`, over all tasks or all but one; None if there is none."""
        if reference is None:
            return None
        tasks = self.records[0].tasks
        means = {name: reference.task(name).mean for name in tasks if name != without}
        lower = {name: task.lower_is_better for name, task in tasks.items()}
        found = [delta_m(record.scores(), means, lower) for record in self.records]
        values = [value for value in found if value is not None]
        return Summary.of(values) if values else None


@dataclass
class Board:
    """Entries that were trained and scored under the same conditions."""

    track: str
    budget: int
    conditions: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What tells it from the others, safe as a file name."""
        return f"{self.track}-{self.budget}-{self.conditions}"

    @property
    def tasks(self) -> dict[str, str]:
        """Task names to the metric shown."""
        return {name: task.primary for name, task in self.example.tasks.items()}

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
    def reference(self) -> Entry | None:
        """The entry that Δm compares with."""
        return next((entry for entry in self.entries if entry.name == REFERENCE), None)

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


def conditions(record: Record) -> str:
    """Hash of everything in a spec that entries of one board must share, 8 hex digits."""
    spec = record.spec
    own = {"method", "options", "config", "seed", "budget", "track", "tuned"}
    own |= {"placement"} if spec.placement is None else set()  # as in `Spec.id`
    shared = spec.model_dump(mode="json", exclude=own)
    if spec.tuned is not None:  # as much was tried of each, but each has its own best
        del shared["recipe"]["learning_rate"]
        shared["tuned"] = [spec.tuned.space, spec.tuned.trials]
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:8]


def newest(records: Iterable[Record]) -> list[Record]:
    """The newest `ok` attempt at every run; a trial is none."""
    found: dict[str, Record] = {}
    for record in records:
        known = found.get(record.id)
        if record.spec.is_trial or record.status != "ok":
            continue
        if known is None or record.attempt > known.attempt:
            found[record.id] = record
    return list(found.values())


def boards(records: Iterable[Record], speed: Iterable[SpeedRecord] = ()) -> list[Board]:
    """Boards of all `ok` records, sorted by track, then largest budget first.

    Runs of one variant with different resolved configs are different entries.
    """
    groups: dict[tuple[str, int, str], dict[tuple[str, str], list[Record]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in newest(records):
        spec = record.spec
        config = json.dumps(spec.config, sort_keys=True)
        groups[spec.track, spec.budget, conditions(record)][spec.variant, config].append(record)
    ratios = _ratios(speed)
    found = []
    for (track, budget, shared), entries in groups.items():
        board = Board(track, budget, shared)
        for (name, config), runs in sorted(entries.items()):
            key = (track_of(track), budget, name, config)
            board.entries.append(Entry(name, runs, ratios.get(key)))
        found.append(board)
    return sorted(found, key=lambda board: (board.track, -board.budget, board.conditions))


def _ratios(speed: Iterable[SpeedRecord]) -> dict[tuple[str, int, str, str], float]:
    ordered = sorted(speed, key=lambda record: record.provenance.started)
    return {
        (
            track_of(record.track),
            record.budget,
            record.variant,
            json.dumps(record.config, sort_keys=True),
        ): record.ratio_to_lora
        for record in ordered
    }
