"""From records to boards: which runs belong together, and their means over seeds."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

from seesaw.reports.statistics import Summary, delta_m
from seesaw.suite.records.record import BudgetKind, Record, Tuned, dial_of, track_of
from seesaw.suite.records.speed import SpeedRecord

SEEDS_FOR_RANKS = 5
"""A board with fewer seeds for any entry is provisional and ranks nobody."""


REFERENCES: Mapping[BudgetKind, str] = {"total": "lora_per_task_full", "active": "lora_per_task"}
"""What Δm compares with: a LoRA for every task alone, each with the whole budget."""
FROZEN = "head_only"
"""The entry that is the backbone as it was; at the most a head is trained."""


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
        name = REFERENCES[self.kind]
        return next((entry for entry in self.entries if entry.name == name), None)

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


def shared(record: Record) -> dict[str, Any]:
    """Everything in a spec that entries of one board must have alike."""
    spec = record.spec
    own = {"method", "options", "config", "seed", "budget", "track", "tuned"}
    own |= spec.usual  # as in `Spec.id`
    alike = spec.model_dump(mode="json", exclude=own)
    if spec.tuned is not None:  # as much was tried of each, but each has its own best
        del alike["recipe"]["learning_rate"]
        alike["tuned"] = [spec.tuned.space, spec.tuned.trials]
    return alike


def conditions(record: Record) -> str:
    """Hash of what the entries of one board have alike, 8 hex digits."""
    return hashlib.sha256(json.dumps(shared(record), sort_keys=True).encode()).hexdigest()[:8]


def newest(records: Iterable[Record], status: str = "ok") -> dict[str, Record]:
    """The newest attempt at every run that ended so, by id; a trial is none."""
    found: dict[str, Record] = {}
    for record in records:
        known = found.get(record.id)
        if record.spec.is_trial or record.status != status:
            continue
        if known is None or record.attempt > known.attempt:
            found[record.id] = record
    return found


def boards(records: Iterable[Record], speed: Iterable[SpeedRecord] = ()) -> list[Board]:
    """Boards of all `ok` records, in the order in which a reader wants them.

    That is newest versions before others, a track as it is before its dial is turned, the track
    with most runs first; of a track the largest budget, then the tuned board.

    Runs of one variant with different resolved configs are different entries. A seed with which an
    entry diverged counts with what the frozen backbone has with it, where that is on the board.
    """
    records = list(records)
    ended = newest(records)
    lost = [own for name, own in newest(records, "diverged").items() if name not in ended]
    groups: dict[tuple[str, int, str], dict[tuple[str, str], list[Record]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in ended.values():
        spec = record.spec
        config = json.dumps(spec.config, sort_keys=True)
        groups[spec.track, spec.budget, conditions(record)][spec.variant, config].append(record)
    ratios = _ratios(speed)
    found = []
    for (track, budget, alike), entries in groups.items():
        board = Board(track, budget, alike)
        for (name, config), runs in sorted(entries.items()):
            key = (track_of(track), budget, name, config)
            board.entries.append(Entry(name, runs, ratios.get(key)))
        found.append(board)
    _stand_in(found, lost)
    _say_refused(found, newest(records, "refused").values())
    return _ordered(found)


def _ordered(found: Sequence[Board]) -> list[Board]:
    latest: dict[str, int] = {}
    most: dict[str, int] = defaultdict(int)
    for board in found:
        name, version = _version(board.track)
        latest[name] = max(latest.get(name, 0), version)
        runs = sum(len(entry.records) for entry in board.entries)
        most[board.track] = max(most[board.track], runs)
    for board in found:
        name, version = _version(board.track)
        board.newer = "" if version == latest[name] else f"{name}@{latest[name]}"
    return sorted(
        found,
        key=lambda board: (
            bool(board.newer),
            dial_of(board.track) is not None,
            -most[board.track],
            board.track,
            -board.budget,
            board.entries[0].tuned is None,
            board.conditions,
        ),
    )


def _version(slug: str) -> tuple[str, int]:
    name, _, version = track_of(slug).partition("@")
    return name, int(version)


def _stand_in(found: Sequence[Board], lost: Iterable[Record]) -> None:
    """Score what diverged as the frozen backbone, where both are on a board."""
    named = {(board.track, board.budget, board.conditions): board for board in found}
    for record in lost:
        spec = record.spec
        board = named.get((spec.track, spec.budget, conditions(record)))
        if board is None:
            continue
        board.diverged.append(record)
        frozen = [
            own
            for entry in board.entries
            if entry.name == FROZEN
            for own in entry.records
            if own.spec.seed == spec.seed
        ]
        for entry in board.entries:
            if (entry.name, entry.records[0].spec.config) == (spec.variant, spec.config):
                entry.stand_ins += frozen


def _say_refused(found: Sequence[Board], refused: Iterable[Record]) -> None:
    """Say on all boards of a track and budget what does not fit, however they were tuned."""
    why: dict[tuple[str, int, BudgetKind], dict[str, str]] = defaultdict(dict)
    for record in refused:
        spec = record.spec
        why[spec.track, spec.budget, spec.budget_kind][spec.variant] = record.error or ""
    for board in found:
        there = {entry.name for entry in board.entries}
        reasons = why[board.track, board.budget, board.kind]
        board.refused = {name: own for name, own in sorted(reasons.items()) if name not in there}


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
