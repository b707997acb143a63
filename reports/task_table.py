"""Scores of a board by task, and what each task gains or loses by being learnt with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from scipy.stats import trim_mean

from seesaw.reports.board import Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.judgement import Judgement
from seesaw.reports.robust import iqm
from seesaw.reports.table import Table
from seesaw.suite.records.record import TaskResult

MARKS = {"better": " ▲", "worse": " ▼"}
"""Of what is surely so; the others have none."""


def task_table(board: Board, entries: Sequence[Entry]) -> Table:
    """Scores by task, mean ± standard deviation over seeds, above those of trivial answers."""
    tasks = board.example.tasks.items()
    metrics = [f"{name} ({_metric(task)})" for name, task in tasks]
    forgotten = ["forgotten"] if board.example.forgetting else []
    header = ["entry", *metrics, *_overall(board), *forgotten, "passes"]
    rows = [_task_row(board, entry) for entry in entries]
    for kind, name in (("bag_of_words", "bag of words"), ("constant", "constant answer")):
        if points := list(board.baseline(kind).values()):
            overall = [mean(points), float(trim_mean(points, 0.25))] if board.has_average else []
            numbers = [f"{value:.1f}" for value in (*points, *overall)]
            rows.append([name, *numbers, *[""] * (len(header) - 1 - len(numbers))])
    others = [None] * (len(rows) - len(entries))
    return Table("Scores by task", header, rows, entries=[*entries, *others])


def _overall(board: Board) -> list[str]:
    return ["average", "IQM"] if board.has_average else []


def _task_row(board: Board, entry: Entry) -> list[str]:
    return [
        entry.name,
        *(str(entry.task(name)) for name in board.tasks),
        *([str(entry.average), f"{iqm(entry):.1f}"] if board.has_average else []),
        *([f"{entry.forgotten.mean:.2f}"] if entry.forgotten else []),
        str(entry.passes),
    ]


def seesaw_table(judged: Judgement, entries: Sequence[Entry]) -> Table | None:
    """By how much every task is better than under a LoRA for it alone; None without such ones."""
    tasks = list(judged.board.tasks)
    shown = {own.key: (own, found) for own in entries if (found := judged.seesaw(own))}
    rows = [
        [own.name, _short(judged, own), *(_gain(found, task) for task in tasks)]
        for own, found in shown.values()
    ]
    header = ["entry", "Δm, one budget for all (95 %)", *tasks]
    return (
        Table("Gains by task", header, rows, entries=[own for own, _ in shown.values()])
        if shown
        else None
    )


def _short(judged: Judgement, entry: Entry) -> str:
    found = judged.delta_m_shared(entry)
    return "" if found is None else found.signed


def _gain(found: Mapping[str, Comparison], task: str) -> str:
    own = found.get(task)
    return "" if own is None else f"{own.gain.signed}{MARKS.get(own.verdict, '')}"


def _metric(task: TaskResult) -> str:
    unit = "" if task.unit == "points" else f", {task.unit}"
    return f"{task.primary}{unit}{' ↓' if task.lower_is_better else ''}"
