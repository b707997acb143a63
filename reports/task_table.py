"""Scores of a board by task, and what each task gains or loses by being learnt with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from scipy.stats import trim_mean
from tabulate import tabulate

from seesaw.reports.boards import Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.judgement import Judgement
from seesaw.reports.markup import link, plain
from seesaw.reports.robust import iqm
from seesaw.suite.records.record import TaskResult

MARKS = {"better": " ▲", "worse": " ▼"}
"""Of what is surely so; the others have none."""


def task_table(board: Board, entries: Sequence[Entry], links: Mapping[str, str]) -> str:
    """Scores by task, mean ± standard deviation over seeds, above those of trivial answers."""
    tasks = board.example.tasks.items()
    metrics = [plain(f"{name} ({_metric(task)})") for name, task in tasks]
    forgotten = ["forgotten"] if board.example.forgetting else []
    header = ["entry", *metrics, *_overall(board), *forgotten, "passes"]
    rows = [_task_row(board, entry, links) for entry in entries]
    for kind, name in (("bag_of_words", "*bag of words*"), ("constant", "*constant answer*")):
        if points := list(board.baseline(kind).values()):
            overall = [mean(points), float(trim_mean(points, 0.25))] if board.has_average else []
            numbers = [f"{value:.1f}" for value in (*points, *overall)]
            rows.append([name, *numbers, *[""] * (len(header) - 1 - len(numbers))])
    return table(header, rows, words=1)


def _overall(board: Board) -> list[str]:
    return ["average", "IQM"] if board.has_average else []


def _task_row(board: Board, entry: Entry, links: Mapping[str, str]) -> list[str]:
    return [
        linked(entry, links),
        *(str(entry.task(name)) for name in board.tasks),
        *([str(entry.average), f"{iqm(entry):.1f}"] if board.has_average else []),
        *([f"{entry.forgotten.mean:.2f}"] if entry.forgotten else []),
        str(entry.passes),
    ]


def seesaw_table(judged: Judgement, entries: Sequence[Entry], links: Mapping[str, str]) -> str:
    """By how much every task is better than under a LoRA for it alone; empty without such ones."""
    tasks = list(judged.board.tasks)
    rows = [
        [linked(own, links), _short(judged, own), *(_gain(found, task) for task in tasks)]
        for own in entries
        if (found := judged.seesaw(own))
    ]
    header = ["entry", "Δm, one budget for all (95 %)", *(plain(name) for name in tasks)]
    return table(header, rows, words=1) if rows else ""


def _short(judged: Judgement, entry: Entry) -> str:
    found = judged.delta_m_shared(entry)
    return "" if found is None else found.signed


def _gain(found: Mapping[str, Comparison], task: str) -> str:
    own = found.get(task)
    return "" if own is None else f"{own.gain.signed}{MARKS.get(own.verdict, '')}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """Markdown whose first columns are words and the others numbers, as text."""
    align = ("left",) * words + ("right",) * (len(header) - words)
    return tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)


def _metric(task: TaskResult) -> str:
    unit = "" if task.unit == "points" else f", {task.unit}"
    return f"{task.primary}{unit}{' ↓' if task.lower_is_better else ''}"


def linked(entry: Entry, links: Mapping[str, str]) -> str:
    """The entry's name, linking to the picture of its lowest seed if there is one."""
    record = min(entry.records, key=lambda record: record.spec.seed)
    return link(entry.name, links[record.path]) if record.path in links else plain(entry.name)
