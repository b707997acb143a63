"""A board in Markdown: what is told apart from LoRA, the verdicts, and the scores by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

from scipy.stats import trim_mean
from tabulate import tabulate

from seesaw.reports.boards import FROZEN, Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.intervals import Interval, Verdict
from seesaw.reports.judgement import CONTROLS, LORA, Judgement
from seesaw.reports.markup import link, plain
from seesaw.reports.robust import iqm
from seesaw.suite.records.record import TaskResult, Tuned

SIGNS: Mapping[Verdict, str] = {
    "better": "▲ better",
    "worse": "▼ worse",
    "equivalent": "= equivalent",
    "inconclusive": "· not told apart",
}
"""No verdict is told by its sign alone."""
SAID: Mapping[Verdict, str] = {
    "better": "Better than LoRA",
    "worse": "Worse than LoRA",
    "equivalent": "Equivalent to LoRA",
    "inconclusive": "Not told apart from LoRA",
}
NO_VERDICT = "Fewer than two seeds in common with LoRA, so no verdict"


def answer(judged: Judgement) -> str:
    """Which entries are told apart from LoRA and which are not: a line for each verdict."""
    found, entries = judged.against.get("LoRA", {}), judged.board.entries
    groups = {
        f"**{said}**": [e for e in entries if e.key in found and found[e.key].verdict == verdict]
        for verdict, said in SAID.items()
    }
    groups[NO_VERDICT] = [e for e in entries if e.key not in found and e.name != LORA]
    names = {
        said: ", ".join(f"`{plain(entry.name)}`" for entry in own) for said, own in groups.items()
    }
    return "\n".join(f"- {said}: {own}." for said, own in names.items() if own)


def verdict_table(judged: Judgement, entries: Sequence[Entry], links: Mapping[str, str]) -> str:
    """The first table: rank, average, verdicts, Δm, falls and costs."""
    board = judged.board
    shown = [title for title in CONTROLS if title in judged.against]
    whole = "average" if board.has_average else "Δm"
    header = [
        "entry", "rank", "group", f"{whole} (95 %)", *(["untuned"] if judged.untuned else []),
        "gain over LoRA (95 %)", "detectable", *shown,
        *(["Δm (95 %)"] if board.has_average and board.reference else []),
        *(["least Δm"] if board.reference else []),
        *(["tasks that fall"] if board.reference else []),
        "parameters", "active", "operations", "step", "seeds",
        *(["settings"] if entries[0].tuned else []),
    ]  # fmt: skip
    rows = [_verdict_row(judged, entry, shown, links) for entry in entries]
    return _table(header, rows, words=6 + bool(judged.untuned) + len(shown))


def _verdict_row(
    judged: Judgement, entry: Entry, shown: Sequence[str], links: Mapping[str, str]
) -> list[str]:
    board, rank = judged.board, judged.ranks.get(entry.key)
    counts, cost = entry.records[0].parameters, entry.records[0].cost
    assert counts is not None  # every ok record has them
    assert cost is not None
    against = judged.against.get("LoRA", {}).get(entry.key)
    falls = judged.falls(entry)
    return [
        linked(entry, links),
        "" if rank is None else str(rank),
        "" if rank is None else rank.groups,
        _whole(judged, entry),
        *([_untuned(judged.untuned, entry)] if judged.untuned else []),
        "" if against is None else _signed(against.gain),
        "" if against is None else f"{against.detectable:.1f}",
        *(_verdict(judged, title, entry) for title in shown),
        *([_signed(judged.delta_m(entry))] if board.has_average and board.reference else []),
        *([_least(board, entry)] if board.reference else []),
        *([_falls(falls)] if board.reference else []),
        f"{counts.adapter:,}",
        f"{counts.active:,}",
        f"{cost.flops_train:.3g}",
        "" if entry.step_ratio is None else f"{entry.step_ratio:.2f}",
        _seeds(entry),
        *([_settings(entry.tuned)] if entry.tuned else []),
    ]


def _seeds(entry: Entry) -> str:
    lost = f", {len(entry.stand_ins)} of them diverged" if entry.stand_ins else ""
    return f"{len(entry.seeds)}{lost}"


def diverged_line(board: Board) -> str:
    """Which runs diverged, in a sentence; empty where none did."""
    if not board.diverged:
        return ""
    named = ", ".join(f"`{plain(own.spec.called)}` seed {own.spec.seed}" for own in board.diverged)
    return f"Diverged, and scored as the frozen backbone (`{FROZEN}`) where that is there: {named}."


def refused_line(board: Board) -> str:
    """What does not fit the budget, and why; empty where everything does."""
    named = "; ".join(f"`{plain(name)}`, {plain(why)}" for name, why in board.refused.items())
    return f"Does not fit this budget: {named}." if named else ""


def _settings(tuned: Tuned) -> str:
    said = ", ".join(f"{plain(name)} {value:g}" for name, value in tuned.values.items())
    return f"{said} †" if tuned.edge else said


def tuning_line(board: Board) -> str:
    """How the entries were tuned, in a sentence."""
    tuned = board.entries[0].tuned
    if tuned is None:
        return "Not tuned: every entry has the track's own settings."
    edge = any(entry.tuned and entry.tuned.edge for entry in board.entries)
    dagger = " † marks a learning rate at the edge of what was tried." if edge else ""
    return (
        f"Tuned: every entry has the best of {tuned.trials} trials on dev, the same points for all "
        f"(search space `{tuned.space}`).{dagger}"
    )


def _whole(judged: Judgement, entry: Entry) -> str:
    interval = judged.interval(entry)
    if interval is not None:
        return str(interval)
    own = judged.evidence.overall(entry)
    return "" if own is None else f"{own.mean:.1f} (one seed)"


def _verdict(judged: Judgement, title: str, entry: Entry) -> str:
    found = judged.against[title].get(entry.key)
    if found is None:
        return "itself" if entry.name == CONTROLS[title] else ""
    return SIGNS[found.verdict]


def _untuned(board: Board, entry: Entry) -> str:
    """The same entry with the track's own settings."""
    found = next((own for own in board.entries if own.name == entry.name), None)
    overall = found and (found.average or found.delta_m(board.reference))
    return str(overall or "")


def _signed(found: Interval | None) -> str:
    return "" if found is None else found.signed


def _least(board: Board, entry: Entry) -> str:
    """The least Δm of those with one task left out."""
    rest = [entry.delta_m(board.reference, name) for name in board.tasks]
    least = min((found.mean for found in rest if found), default=None)
    return "" if least is None else f"{least:+.1f}"


def _falls(found: Mapping[str, Comparison] | None) -> str:
    """How many, and the deepest with its interval."""
    if not found:
        return "" if found is None else "0"
    task, deepest = min(found.items(), key=lambda item: item[1].gain.mean)
    return f"{len(found)}, {plain(task)} {_signed(deepest.gain)}"


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
    return _table(header, rows, words=1)


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


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    align = ("left",) * words + ("right",) * (len(header) - words)
    return tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)


def sizes(board: Board) -> str:
    """Test items by task."""
    tasks = board.example.tasks.items()
    return ", ".join(f"{plain(name)} {task.n:,}" for name, task in tasks)


def _metric(task: TaskResult) -> str:
    unit = "" if task.unit == "points" else f", {task.unit}"
    return f"{task.primary}{unit}{' ↓' if task.lower_is_better else ''}"


def linked(entry: Entry, links: Mapping[str, str]) -> str:
    """The entry's name, linking to the picture of its lowest seed if there is one."""
    record = min(entry.records, key=lambda record: record.spec.seed)
    return link(entry.name, links[record.path]) if record.path in links else plain(entry.name)
