"""A board in sentences: what is told apart from LoRA, how it was tuned, what is not on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seesaw.reports.board import FROZEN, Board, Entry
from seesaw.reports.comparison import Comparison
from seesaw.reports.intervals import Verdict
from seesaw.reports.judgement import LORA, Judgement
from seesaw.reports.markup import plain
from seesaw.reports.unlike import unlike

SAID: Mapping[Verdict, str] = {
    "better": "Better than LoRA",
    "worse": "Worse than LoRA",
    "equivalent": "Equivalent to LoRA",
    "inconclusive": "Not told apart from LoRA",
}
NO_VERDICT = "Fewer than two seeds in common with LoRA, so no verdict"


def answer(judged: Judgement) -> str:
    """Which entries are told apart from LoRA and which are not, by how much, and what they cost.

    A line for each verdict; of costs those that are not LoRA's.
    """
    found, entries = judged.against.get("LoRA", {}), judged.board.entries
    groups = {
        f"**{said}**": [e for e in entries if e.key in found and found[e.key].verdict == verdict]
        for verdict, said in SAID.items()
    }
    groups[NO_VERDICT] = [e for e in entries if e.key not in found and e.name != LORA]
    lora = judged.board.entry(LORA)
    names = {
        said: ", ".join(_named(e, found.get(e.key), lora) for e in _by_gain(own, found))
        for said, own in groups.items()
    }
    return "\n".join(f"- {said}: {own}." for said, own in names.items() if own)


def _by_gain(entries: Sequence[Entry], found: Mapping[str, Comparison]) -> list[Entry]:
    return sorted(entries, key=lambda own: -found[own.key].gain.mean if own.key in found else 0.0)


def _named(entry: Entry, found: Comparison | None, lora: Entry | None) -> str:
    """An entry with its gain, whether it is told the task, and what costs it not as LoRA does."""
    said = [] if found is None else [f"{found.gain.mean:+.1f}"]
    said += ["told the task"] if entry.told_task else []
    ratios = {
        "parameters": entry.share,
        "operations": None if lora is None else _operations(entry, lora),
        "step": entry.step_ratio,
    }
    factors = {name: f"{ratio:.2g}" for name, ratio in ratios.items() if ratio is not None}
    said += [f"{name} × {factor}" for name, factor in factors.items() if factor != "1"]
    return f"`{plain(entry.name)}`" + (f" ({', '.join(said)})" if said else "")


def _operations(entry: Entry, lora: Entry) -> float | None:
    """Those of training over LoRA's; None where they are not known."""
    own, usual = entry.records[0].cost, lora.records[0].cost
    return own.flops_train / usual.flops_train if own and usual and usual.flops_train else None


def sentences(board: Board, main: Board) -> list[str]:
    """What must be known of a board; `main` is the largest of its track and budget."""
    said = [
        newer_line(board),
        f"Test examples: {sizes(board)}. Conditions `{board.conditions}`.",
        unlike(board, main),
        tuning_line(board),
        diverged_line(board),
        refused_line(board),
    ]
    return [sentence for sentence in said if sentence]


def newer_line(board: Board) -> str:
    """What has taken its place; empty of the newest version of a track."""
    return f"An older version of this track: see {plain(board.newer)}." if board.newer else ""


def tuning_line(board: Board) -> str:
    """How the entries were tuned, in a sentence."""
    tuned = board.tuned
    if tuned is None:
        return "Not tuned: every entry has the track's own settings."
    edge = any(entry.tuned and entry.tuned.edge for entry in board.entries)
    dagger = " † marks a learning rate at the edge of what was tried." if edge else ""
    return (
        f"Tuned: every entry has the best of {tuned.trials} trials on dev, the same points for all "
        f"(search space `{tuned.space}`).{dagger}"
    )


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


def sizes(board: Board) -> str:
    """Test items by task."""
    tasks = board.example.tasks.items()
    return ", ".join(f"{plain(name)} {task.n:,}" for name, task in tasks)
