"""`CALIBRATION.md`: what every calibrated track can tell apart; and what its boards say of it."""

from __future__ import annotations

from collections.abc import Iterable

from seesaw.reports.board import SEEDS_FOR_RANKS, Board
from seesaw.reports.calibration import Calibrated, Row
from seesaw.reports.intervals import Interval
from seesaw.reports.markup import link, plain
from seesaw.reports.table import Table
from seesaw.reports.table import markdown as rendered
from seesaw.reports.targets import targets
from seesaw.suite.records.calibration import Calibration, newest

PAGE = "CALIBRATION.md"
INTRODUCTION = f"""\
# Calibration

Made by `make leaderboard` from the calibrations under `results/` (`seesaw calibrate` makes them):
what a track can tell apart, and whether it sees differences that are known to be there.

*LoRA* and a routed method are means over seeds at the track's default budget. *Seed sd* is the
standard deviation over LoRA's seeds; *item sd* is the part of it that another draw of test items
alone would make, by resampling the stored outcomes. *Difference sd* is that of routed minus LoRA,
paired by seed. *Detectable* is the least difference that a two-sided paired t-test at 5 % finds
with 80 % power over {SEEDS_FOR_RANKS} seeds. Where not all tasks are in points, the average is Δm
to LoRA's own means, in percent.

A sensitivity is a change that must make LoRA worse: an eighth of the budget, heads alone on the
frozen backbone (a language model has none: it is as it came), a tenth of the steps, and, where a
track has the dial, conflict 1 against conflict 0. Gains are paired by seed, below 0 where it is
worse, whichever way the metric goes, with their 95 % t-interval; *seen* says that the interval of
all tasks together is below 0, and a star that a task's own interval excludes 0.
"""


def tables(found: Calibrated) -> list[Table]:
    """Noise, sensitivities and verdict, as they are shown on a page and in a terminal."""
    routed, whole = found.calibration.variant, found.average.name
    noise = (
        "task", "n", "LoRA", routed, "constant", "ceiling", "from constant", "from ceiling",
        "seed sd", "item sd", "difference sd", "detectable",
    )  # fmt: skip
    seen = [
        [
            own.name,
            "yes" if own.seen else "no",
            "" if own.average is None else str(own.average.seeds),
            "" if own.average is None else own.average.signed,
            *map(_gain, own.tasks.values()),
        ]
        for own in found.sensitivities
    ]
    verdict = [[t.what, "met" if t.met else "missed", t.said] for t in targets(found)]
    return [
        Table("What moves a score", noise, [*map(_noise, found.rows), _noise(found.average)]),
        Table("What must be seen", ["LoRA with", "seen", "seeds", whole, *found.means], seen),
        Table("Targets", ["target", "result", "by"], verdict, words=3),
    ]


def _noise(row: Row) -> list[str]:
    said = ", ".join(part for part in (row.metric, *_unit(row)) if part)
    numbers = (
        row.lora.mean, row.routed and row.routed.mean, row.constant, row.ceiling,
        row.from_constant, row.from_ceiling,
    )  # fmt: skip
    sds = (row.lora.sd, row.item_sd, row.paired_sd, row.detectable)
    return [
        f"{row.name} ({said})" if said else row.name,
        "" if row.n is None else f"{row.n:,}",
        *("" if value is None else f"{value:.1f}" for value in numbers),
        *("" if value is None else f"{value:.2f}" for value in sds),
    ]


def _unit(row: Row) -> list[str]:
    return [] if row.unit == "points" else [row.unit]


def _gain(found: Interval | None) -> str:
    if found is None:
        return ""
    return f"{found.mean:+.1f}{'*' if found.low > 0 or found.high < 0 else ''}"


def left_out(found: Calibrated) -> list[str]:
    """A line for each run that is part of no number."""
    return [
        f"{run.condition} ({run.method}) seed {run.seed}: {run.status}: {run.error}"
        for run in found.left_out
    ]


def markdown(calibrations: Iterable[Calibration]) -> str:
    """The page: a section per track and routed method."""
    parts = [INTRODUCTION]
    for own in newest(calibrations):
        found = Calibrated(own)
        parts.append(f"## {plain(own.track)}, {own.budget:,} parameters, {plain(own.variant)}")
        parts += [f"### {table.title}\n\n{rendered(table)}" for table in tables(found)]
        if lost := left_out(found):
            parts.append("Left out:\n\n" + "\n".join(f"- {plain(said)}" for said in lost))
        made = own.provenance
        parts.append(
            f"{plain(made.machine)}, {made.threads} threads, {plain(made.started[:10])}; test "
            f"items resampled {own.resamples} times."
        )
    if len(parts) == 1:
        parts.append("No calibrations yet.")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def board_lines(board: Board, calibrations: Iterable[Calibration], page: str = PAGE) -> list[str]:
    """What cannot be seen on a board, from the calibrations that have runs of LoRA on it.

    `page` is where they are shown, as a link.
    """
    there = {record.id for entry in board.entries for record in entry.records}
    own = [c for c in newest(calibrations) if there & {run.id for run in c.of("lora").values()}]
    return [line for line in (_line(Calibrated(one), page) for one in own) if line]


def _line(found: Calibrated, page: str) -> str:
    average = found.average
    if average.detectable is None:
        return ""
    unit = "points of the average" if found.has_average else "% of Δm to LoRA"
    tasks = ", ".join(
        f"{plain(row.name)} {row.detectable:.1f}{''.join(f' {unit}' for unit in _unit(row))}"
        for row in found.rows
        if row.detectable is not None
    )
    return (
        f"Differences under {average.detectable:.1f} {unit} cannot be seen at {SEEDS_FOR_RANKS} "
        f"seeds, by what {plain(found.calibration.variant)} and LoRA differ from seed to seed "
        f"({link('calibration', page)}); of single tasks: {tasks}."
    )
