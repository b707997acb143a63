"""From records to boards: which runs belong together, and in what order boards are read."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from seesaw.reports.board import FROZEN, Board, Entry
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import BudgetKind, dial_of, track_of
from seesaw.suite.records.speed import SpeedRecord


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
    with most runs first; of a track the budget with most runs, then the tuned board.

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
    most: dict[str | tuple[str, str], int] = defaultdict(int)
    for board in found:
        name, version = _version(board.track)
        latest[name] = max(latest.get(name, 0), version)
        for place in (board.track, (board.track, board.size)):
            most[place] = max(most[place], board.runs)
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
            -most[board.track, board.size],
            -board.budget,
            board.tuned is None,
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
