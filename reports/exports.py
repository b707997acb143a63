"""Boards for programs and papers: JSON with all that is said of every entry, CSV, LaTeX."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from seesaw.reports.board import Board, Entry
from seesaw.reports.boards import shared
from seesaw.reports.comparison import Comparison
from seesaw.reports.intervals import Interval
from seesaw.reports.judgement import Judgement
from seesaw.reports.robust import THRESHOLDS, iqm, profile
from seesaw.reports.statistics import Summary
from seesaw.suite.records.names import printable

DIGITS = 4
"""Behind the point, in JSON."""


def as_json(found: Sequence[Judgement]) -> str:
    """All boards: entries with intervals, verdicts, ranks, costs, and the records behind them."""
    boards = [_board(judged) for judged in found]
    return json.dumps(boards, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _board(judged: Judgement) -> dict[str, Any]:
    board, tuned = judged.board, judged.board.tuned
    return {
        "track": board.track,
        "budget": board.budget,
        "budget_kind": board.kind,
        "conditions": board.conditions,
        "overall": "average" if board.has_average else "delta_m",
        "alike": shared(board.example),
        "tuned": tuned and {"space": tuned.space, "trials": tuned.trials},
        "items_counted": judged.evidence.knows_items,
        "refused": board.refused,
        "thresholds": list(THRESHOLDS),
        "tasks": {
            name: {
                "metric": t.primary,
                "unit": t.unit,
                "lower_is_better": t.lower_is_better,
                "n": t.n,
            }
            for name, t in board.example.tasks.items()
        },
        "constant": {name: _short(value) for name, value in board.baseline("constant").items()},
        "entries": [_entry(judged, entry) for entry in board.entries],
    }


def _entry(judged: Judgement, entry: Entry) -> dict[str, Any]:
    counts, cost = entry.records[0].parameters, entry.records[0].cost
    assert counts is not None  # every ok record has them
    assert cost is not None
    rank, falls = judged.ranks.get(entry.key), judged.falls(entry)
    quantities = judged.evidence.tasks(entry)
    return {
        "name": entry.name,
        "config": entry.records[0].spec.config,
        "settings": entry.tuned and {"values": entry.tuned.values, "edge": entry.tuned.edge},
        "routes_on": entry.routes_on,
        "told_task": entry.told_task,
        "seeds": entry.seeds,
        "diverged": [record.spec.seed for record in entry.stand_ins],
        "overall": _interval(judged.interval(entry)),
        "iqm": _short(iqm(entry)) if judged.board.has_average else None,
        "profile": [_short(own) for own in profile(entry)] if judged.board.has_average else None,
        "delta_m": _interval(judged.delta_m(entry)),
        "rank": rank and {"best": rank.best, "worst": rank.worst, "groups": rank.groups.split()},
        "verdicts": {
            title: _comparison(own[entry.key])
            for title, own in judged.against.items()
            if entry.key in own
        },
        "falls": None if falls is None else {t: _comparison(own) for t, own in falls.items()},
        "seesaw": {task: _comparison(own) for task, own in judged.seesaw(entry).items()},
        "tasks": {
            name: {
                "mean": _short(own.mean),
                "sd": _short(own.sd),
                "interval": _interval(Interval.of(own)),
            }
            for name, own in quantities.items()
        },
        "parameters": counts.model_dump(),
        "operations": {"train": cost.flops_train, "infer": cost.flops_infer},
        "passes": entry.passes,
        "step_ratio": entry.step_ratio,
        "records": [record.path for record in entry.records],
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _interval(found: Interval | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "mean": _short(found.mean),
        "low": _short(found.low),
        "high": _short(found.high),
        "seeds": found.seeds,
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "verdict": found.verdict,
        "gain": _interval(found.gain),
        "detectable": _short(found.detectable),
    }


def as_csv(found: Sequence[Board]) -> str:
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
                        "budget_kind": board.kind,
                        "conditions": board.conditions,
                        "entry": entry.name,
                        "routes_on": entry.routes_on,
                        "task": name,
                        "metric": metric,
                        "mean": round(summary.mean, 4),
                        "sd": None if summary.sd is None else round(summary.sd, 4),
                        "seeds": len(entry.seeds),
                        "constant": round(board.baseline("constant")[name], 4),
                        "bag_of_words": _short(board.baseline("bag_of_words").get(name)),
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
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def _mean_of(summary: Summary | None) -> float | None:
    return None if summary is None else round(summary.mean, 4)


def as_latex(judged: Judgement) -> str:
    r"""One board as a `tabular` with the rules of booktabs, every text escaped; no preamble."""
    board = judged.board
    ordered = [entry for entries in board.blocks.values() for entry in entries]
    frame = pd.DataFrame([_latex_row(judged, entry) for entry in ordered])
    columns = "ll" + "r" * (len(frame.columns) - 2)
    shown = frame.map(escaped).rename(columns=escaped)
    about = escaped(_caption(board)).replace("\n", " ")
    return f"% {about}\n" + shown.to_latex(index=False, escape=False, column_format=columns)


def _caption(board: Board) -> str:
    return f"{printable(board.track)}, {board.size}, conditions {board.conditions}"


def _latex_row(judged: Judgement, entry: Entry) -> dict[str, str]:
    rank, counts = judged.ranks.get(entry.key), entry.records[0].parameters
    assert counts is not None  # every ok record has them
    against = judged.against.get("LoRA", {}).get(entry.key)
    return {
        "entry": printable(entry.name),
        "against LoRA": "" if against is None else against.verdict,
        "rank": "" if rank is None else str(rank),
        "average" if judged.board.has_average else "delta m": str(judged.interval(entry) or ""),
        "gain over LoRA": "" if against is None else str(against.gain),
        **{name: str(entry.task(name)) for name in judged.board.tasks},
        "parameters": f"{counts.adapter:,}",
        "seeds": str(len(entry.seeds)),
    }


SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
"""Characters that mean something to LaTeX, and how they are written as text."""


def escaped(text: object) -> str:
    """A text as LaTeX prints it."""
    return "".join(SPECIAL.get(character, character) for character in str(text))
