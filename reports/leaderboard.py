"""The leaderboard: `LEADERBOARD.md`, `LEADERBOARD.csv` and one figure per track, from the store."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

import pandas as pd
from tabulate import tabulate

from seesaw.reports import calibration_page, speed
from seesaw.reports.boards import REFERENCE, SEEDS_FOR_RANKS, Board, Entry, boards
from seesaw.reports.calibration_page import board_lines
from seesaw.reports.figure import draw
from seesaw.reports.markup import link, plain
from seesaw.reports.statistics import Summary
from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.record import Record, TaskResult
from seesaw.suite.records.store import Scan

INTRODUCTION = f"""\
# Leaderboard

Made by `make leaderboard` from the records under `results/`: every number is a mean of stored runs.

**Provisional, without ranks**: learning rates are the track's, not tuned per method, and ranks wait
for {SEEDS_FOR_RANKS} seeds of every entry. Entries stand in the order of their average.

Scores are in points (metric times 100) on the test split, or in the unit that stands with the
metric, where ↓ says that less is better; mean ± standard deviation over seeds. *Δm* is the mean
over tasks of the relative gain, in percent, over a LoRA for every task alone that has the whole
budget to itself (`{REFERENCE}`); *least Δm* leaves out the task that speaks most for the entry,
since one task with a low reference can make up all of Δm.
*Parameters* are the trainable ones of the adapter, router and task embedding included; *active* is
what one token uses. *Step* is the time of one training step over that of PEFT's LoRA of equal total
rank, measured side by side in one process. *Bag of words* is a linear model on word counts, and
*constant answer* the best answer that ignores the input. *Forgotten* is by how much a language
model's loss rose on text that is no task's, in nats per token. A name that is a link shows
predictions.
"""


def build(
    records: Sequence[Record],
    scan: Scan,
    out: Path,
    calibrations: Sequence[Calibration] = (),
) -> list[Path]:
    """Write the leaderboard into the folder `out`; the files written.

    Args:
        records: those that are to be shown.
        scan: of their store, for step times and pictures.
        out: made where it is missing.
        calibrations: those that are to be shown.
    """
    found = boards(records, scan.speed)
    links = _links(scan.pictures, out)
    figures = {track: draw(track, own) for track, own in by_track(found).items()}
    files = {
        "LEADERBOARD.md": markdown(found, list(figures), links, calibrations),
        calibration_page.PAGE: calibration_page.markdown(calibrations),
        "SPEED.md": speed.markdown(scan.speed),
        "LEADERBOARD.csv": table(found).to_csv(index=False, lineterminator="\n"),
        **{f"figures/{track}.svg": figure for track, figure in figures.items()},
    }
    paths = [out / name for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        replace(path, content)
    return paths


def by_track(found: Sequence[Board]) -> dict[str, list[Board]]:
    """Boards by track slug."""
    tracks: dict[str, list[Board]] = {}
    for board in found:
        tracks.setdefault(board.track, []).append(board)
    return tracks


def replace(path: Path, content: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    temporary.write_text(content)
    os.replace(temporary, path)


def _links(pictures: Mapping[str, str], out: Path) -> dict[str, str]:
    """Addresses of pictures as links from a page in `out`, by the path of their record."""
    return {
        path: Path(os.path.relpath(address, out)).as_posix() if Path(address).exists() else address
        for path, address in pictures.items()
    }


def markdown(
    found: Sequence[Board],
    figures: Sequence[str],
    links: Mapping[str, str],
    calibrations: Sequence[Calibration],
) -> str:
    """The page: a section per board, and the figure once per track; entries link to a picture."""
    if not found:
        return f"{INTRODUCTION}\nNo records yet.\n"
    parts = [INTRODUCTION]
    for board in found:
        title = f"## {plain(board.track)}, {board.budget:,} parameters"
        about = f"Test examples: {_sizes(board)}. Conditions `{board.conditions}`."
        parts += [title, about, *board_lines(board, calibrations), _tables(board, links)]
        if board.track in figures:
            parts.append("!" + link(f"Scores on {board.track}", f"figures/{board.track}.svg"))
            figures = [track for track in figures if track != board.track]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _sizes(board: Board) -> str:
    tasks = board.example.tasks.items()
    return ", ".join(f"{plain(name)} {task.n:,}" for name, task in tasks)


def _tables(board: Board, links: Mapping[str, str]) -> str:
    shown = board.example.tasks.items()
    metrics = [plain(f"{name} ({_metric(task)})") for name, task in shown]
    means = (["average"] if board.has_average else []) + (
        ["Δm", "least Δm"] if board.reference else []
    )
    columns = ["parameters", "router", "active", "passes", "step", "seeds"]
    if board.example.forgetting:
        columns.insert(0, "forgotten")
    header = ["entry", *metrics, *means, *columns]
    parts = []
    for title, entries in board.blocks.items():
        rows = [_row(entry, board, links) for entry in entries]
        for kind, name in (("bag_of_words", "*bag of words*"), ("constant", "*constant answer*")):
            if points := list(board.baseline(kind).values()):
                overall = [mean(points)] if board.has_average else []
                numbers = [f"{value:.1f}" for value in (*points, *overall)]
                rows.append([name, *numbers, *[""] * (len(header) - 1 - len(numbers))])
        align = ("left", *["right"] * (len(header) - 1))
        body = tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)
        parts.append(f"### Entries {title}\n\n{body}")
    return "\n\n".join(parts)


def _row(entry: Entry, board: Board, links: Mapping[str, str]) -> list[str]:
    counts = entry.records[0].parameters
    assert counts is not None  # every ok record has them
    return [
        _linked(entry, links),
        *(str(entry.task(name)) for name in board.tasks),
        *([str(entry.average)] if board.has_average else []),
        *(_delta_cells(entry, board) if board.reference else []),
        *([f"{entry.forgotten.mean:.2f}"] if entry.forgotten else []),
        f"{counts.adapter:,}",
        f"{counts.router:,}",
        f"{counts.active:,}",
        str(entry.passes),
        "" if entry.step_ratio is None else f"{entry.step_ratio:.2f}",
        str(len(entry.seeds)),
    ]


def _metric(task: TaskResult) -> str:
    unit = "" if task.unit == "points" else f", {task.unit}"
    return f"{task.primary}{unit}{' ↓' if task.lower_is_better else ''}"


def _linked(entry: Entry, links: Mapping[str, str]) -> str:
    """The entry's name, linking to the picture of its lowest seed if there is one."""
    record = min(entry.records, key=lambda record: record.spec.seed)
    return link(entry.name, links[record.path]) if record.path in links else plain(entry.name)


def _delta_cells(entry: Entry, board: Board) -> list[str]:
    """Δm over all tasks, and the least of those with one task left out."""
    rest = [entry.delta_m(board.reference, name) for name in board.tasks]
    least = min((found for found in rest if found), key=lambda found: found.mean, default=None)
    return [_signed(entry.delta_m(board.reference)), _signed(least)]


def _signed(summary: Summary | None) -> str:
    return "" if summary is None else f"{'+' if summary.mean >= 0 else ''}{summary}"


def table(found: Sequence[Board]) -> pd.DataFrame:
    """Everything on the boards, one row per entry and task."""
    rows = []
    for board in found:
        for entry in board.entries:
            counts = entry.records[0].parameters
            assert counts is not None
            for name, metric in board.tasks.items():
                summary = entry.task(name)
                rows.append(
                    {
                        "track": board.track,
                        "budget": board.budget,
                        "conditions": board.conditions,
                        "entry": entry.name,
                        "routes_on": entry.routes_on,
                        "task": name,
                        "metric": metric,
                        "mean": round(summary.mean, 4),
                        "sd": None if summary.sd is None else round(summary.sd, 4),
                        "seeds": len(entry.seeds),
                        "constant": round(board.baseline("constant")[name], 4),
                        "bag_of_words": _rounded(board.baseline("bag_of_words").get(name)),
                        "delta_m": _mean_of(entry.delta_m(board.reference)),
                        "delta_m_without": _mean_of(entry.delta_m(board.reference, name)),
                        "parameters": counts.adapter,
                        "router": counts.router,
                        "active": counts.active,
                        "passes": entry.passes,
                        "forgotten": _mean_of(entry.forgotten),
                        "step_ratio": entry.step_ratio,
                    }
                )
    return pd.DataFrame(rows)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _mean_of(summary: Summary | None) -> float | None:
    return None if summary is None else round(summary.mean, 4)
