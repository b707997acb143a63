"""`SPEED.md`: step times from the stored speed records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from seesaw.reports.markup import plain
from seesaw.suite.records.speed import SpeedRecord

INTRODUCTION = """\
# Speed

Made by `make leaderboard` from the speed records under `results/` (`seesaw speed` makes them).
A step is forward, backward and optimiser. The method, PEFT's LoRA of equal total rank and the
frozen backbone took turns in one process on the same batch; ratios are medians over rounds, each
step against that of the same round.

*Operations* are counted for the whole step, frozen part included; *overhead* is the ratio of times
over the ratio of operations; *floor* is operations over the frozen step's, the time ratio if all of
them ran at its speed. *Saved* are activation elements that one adapted linear keeps for backward
per token, its input and output left out; *memory* is the peak of one step above what is held
between steps, over that of LoRA.
"""
REFERENCES = """\
What else took turns in the same rounds. *Gain* is how many times less the method adds to the frozen
step than the reference does; the loop is a plain mixture of LoRA experts, one after another.
"""


def newest(records: Iterable[SpeedRecord]) -> list[SpeedRecord]:
    """The last measurement of every method at its place on every machine."""
    found: dict[tuple[str, str], SpeedRecord] = {}
    for record in sorted(records, key=lambda record: record.attempt):
        found[record.folder, record.prefix] = record
    return [found[key] for key in sorted(found)]


def markdown(records: Iterable[SpeedRecord]) -> str:
    """The page: a table per track, budget, machine and size, and one of its references."""
    groups: dict[tuple[str, int, str, str], list[SpeedRecord]] = {}
    for record in newest(records):
        where = f"{record.provenance.machine}, {record.provenance.threads} threads"
        examples, tokens = record.batch
        size = f"{examples} examples of {tokens} tokens, padding included; {record.rounds} rounds"
        groups.setdefault((record.track, record.budget, where, size), []).append(record)
    parts = [INTRODUCTION]
    for (track, budget, where, size), own in groups.items():
        parts.append(f"## {plain(track)}, {budget:,} parameters")
        parts.append(f"{plain(where)}; {size}.")
        parts.append(_table(COLUMNS, [_row(record) for record in own]))
        names = sorted({name for record in own for name in record.references})
        if names:
            parts.append(REFERENCES)
            parts.append(
                _table(("method", *(plain(f"gain, {n}") for n in names)), _gains(own, names))
            )
    if not groups:
        parts.append("No records yet.")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ("left", *["right"] * (len(header) - 1))
    return tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)


COLUMNS = (
    "method",
    "time / LoRA",
    "operations / LoRA",
    "overhead",
    "time / frozen",
    "floor",
    "saved",
    "memory / LoRA",
)


def _row(record: SpeedRecord) -> list[str]:
    memory = (record.peak_memory or 0) / (record.lora_peak_memory or 1)
    return [
        plain(record.variant),
        f"{record.ratio_to_lora:.3f}",
        f"{record.flops_ratio:.3f}",
        f"{record.overhead:.3f}",
        f"{record.ratio_to_frozen:.3f}",
        f"{record.floor:.3f}",
        "" if record.saved_per_token is None else f"{record.saved_per_token:.0f}",
        f"{memory:.2f}" if memory else "",
    ]


def _gains(records: Sequence[SpeedRecord], names: Sequence[str]) -> list[list[str]]:
    """Gains of all methods over the references, and the references' own steps below."""
    rows = [
        [plain(record.variant), *(_gain(record, name) for name in names)]
        for record in records
        if record.references
    ]
    beside = {name: record for record in records for name in record.references}
    steps = (f"{beside[n].references[n] / beside[n].frozen_step_s:.2f}" for n in names)
    return [*rows, ["*its step / frozen*", *steps]]


def _gain(record: SpeedRecord, name: str) -> str:
    return f"{record.adapter_gain(name):.2f}" if name in record.references else ""
