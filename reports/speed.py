"""`SPEED.md`: step times from the stored speed records."""

from __future__ import annotations

from collections.abc import Iterable

from tabulate import tabulate

from suite.record import SpeedRecord

INTRODUCTION = """\
# Speed

Made by `make leaderboard` from the speed records under `results/` (`seesaw speed` makes them).
A step is forward, backward and optimiser. The method, PEFT's LoRA of equal total rank and the
frozen backbone took turns in one process on the same batch; ratios are medians over rounds, each
step against that of the same round. *Operations* are counted for the whole step, frozen part
included; *overhead* is the ratio of times over the ratio of operations.
"""


def newest(records: Iterable[SpeedRecord]) -> list[SpeedRecord]:
    """The last measurement of every method at its place on every machine."""
    found: dict[tuple[str, str], SpeedRecord] = {}
    for record in sorted(records, key=lambda record: record.attempt):
        found[record.folder, record.prefix] = record
    return [found[key] for key in sorted(found)]


def markdown(records: Iterable[SpeedRecord]) -> str:
    """The page: one table per track, budget and machine."""
    groups: dict[tuple[str, int, str], list[SpeedRecord]] = {}
    for record in newest(records):
        where = f"{record.provenance.machine}, {record.provenance.threads} threads"
        groups.setdefault((record.track, record.budget, where), []).append(record)
    parts = [INTRODUCTION]
    for (track, budget, where), own in groups.items():
        size, tokens = own[0].batch
        parts.append(f"## {track}, {budget:,} parameters")
        parts.append(f"{where}; {size} examples of {tokens} tokens, padding included.")
        header = [
            "method",
            "time / LoRA",
            "operations / LoRA",
            "overhead",
            "time / frozen",
            "rounds",
        ]
        align = ("left", *["right"] * (len(header) - 1))
        rows = [_row(record) for record in own]
        parts.append(
            tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)
        )
    if not groups:
        parts.append("No records yet.")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _row(record: SpeedRecord) -> list[str]:
    return [
        record.variant,
        f"{record.ratio_to_lora:.3f}",
        f"{record.flops_ratio:.3f}",
        f"{record.overhead:.3f}",
        f"{record.ratio_to_frozen:.3f}",
        str(record.rounds),
    ]
