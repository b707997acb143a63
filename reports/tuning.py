"""`TUNING.md`: what was tried of every entry, what came out best, and what trials are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
from opda.nonparametric import EmpiricalDistribution
from tabulate import tabulate

from seesaw.reports.markup import plain
from seesaw.suite.records.record import Record
from seesaw.suite.records.tuning import choose, point

PAGE = "TUNING.md"
OWN_SETTINGS = 0
"""The number of LoRA's trial with the track's own settings, the reference."""
LEVEL = 0.95
WORST = -1.0
"""No score is further below the reference than all of it."""
INTRODUCTION = """\
# Tuning

Made by `make leaderboard` from the trials under `results/`: what was tried of every entry, on dev
alone, at points that were drawn before anything was run and are the same for all.

A trial's *gain* is the mean over tasks of its gain on dev over LoRA with the track's own settings,
in percent of LoRA's score; one that failed has lost all. *Best of n* is the gain that the best of n
trials is expected to have, the exact mean over all choices of n of those that were made (Dodge and
others 2019, without the bias that Tang and others 2020 found), with the 95 % band that the trials
leave possible whatever the distribution behind them (Lourie and others 2024). With few trials that
band is wide. *Edge* says that no trial had a lower, or a higher, learning rate than the best.
"""


@dataclass(frozen=True)
class Tuning:
    """All trials of one track under one budget and search space, with the reference's record."""

    track: str
    budget: int
    space: str
    reference: Record
    entries: dict[str, list[Record]]

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.track}, {self.budget:,} parameters, search space {self.space}"

    @property
    def name(self) -> str:
        """Safe as a file name."""
        return figure_of(self.track, self.budget, self.space)

    def gains(self, name: str) -> list[float]:
        """Of an entry's trials over the reference, as shares; none where none of them ended."""
        choice = choose(self.entries[name], self.reference)
        found = choice.gains.values() if choice else ()
        return [WORST if gain is None else gain for gain in found]


def figure_of(track: str, budget: int, space: str) -> str:
    """The name of the figure of tuning curves, without the ending."""
    return f"{track}-{budget}-{space}-tuning"


@dataclass(frozen=True)
class BestOf:
    """The gain in percent that the best of so many trials is expected to have, and its band."""

    expected: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def best_of(own: Tuning, name: str, counts: Sequence[int]) -> BestOf:
    """Of the trials of an entry, which has some, for numbers of trials up to all of them."""
    values, most = np.array(own.gains(name)), _most(own.reference)
    below, _, above = EmpiricalDistribution.confidence_bands(
        values, LEVEL, a=min(WORST, values.min()), b=max(most, values.max()), method="ks"
    )
    # where the distribution function is low, scores are high
    high, low = (100 * band.average_tuning_curve(counts) for band in (below, above))
    expected = 100 * EmpiricalDistribution(values).u_tuning_curve(counts)
    return BestOf(expected.tolist(), low.tolist(), high.tolist())


def tunings(records: Iterable[Record]) -> list[Tuning]:
    """Trials that belong together, sorted; those without a reference are left out."""
    groups: dict[tuple[str, int, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.attempt):
        if record.spec.is_trial and record.spec.tuned is not None:
            spec = record.spec
            groups[spec.track, spec.budget, record.spec.tuned.space].append(record)
    found = []
    for (track, budget, space), own in sorted(groups.items()):
        newest = {record.id: record for record in own}
        reference, entries = None, defaultdict(list)
        for record in newest.values():
            if point(record).number == OWN_SETTINGS:
                reference = record if record.status == "ok" else reference
            else:
                entries[record.spec.variant].append(record)
        if reference is not None:
            found.append(Tuning(track, budget, space, reference, dict(sorted(entries.items()))))
    return found


def markdown(records: Iterable[Record]) -> str:
    """The page: a table for every track, budget and space."""
    parts = [INTRODUCTION]
    for own in tunings(records):
        shown = _counts(own)
        header = ["entry", "trials", "best settings", "edge", *(f"best of {n}, %" for n in shown)]
        rows = [_row(own, name, trials, shown) for name, trials in own.entries.items()]
        align = ("left", "right", "left", "left", *["right"] * len(shown))
        body = tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)
        parts += [f"## {plain(own.title)}", body]
    if len(parts) == 1:
        parts.append("No trials yet.")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _counts(own: Tuning) -> list[int]:
    """1, 2, 4, ... and all of them."""
    most = point(own.reference).trials
    return sorted({*(2**k for k in range(most.bit_length()) if 2**k <= most), most})


def _row(own: Tuning, name: str, trials: Sequence[Record], shown: Sequence[int]) -> list[str]:
    most = point(trials[0]).trials
    if (choice := choose(trials, own.reference)) is None:
        return [plain(name), f"0/{most}", "", "", *[""] * len(shown)]
    good = sum(gain is not None for gain in choice.gains.values())
    said = ", ".join(f"{plain(key)} {value:g}" for key, value in choice.best.values.items())
    edge = "yes" if choice.best.edge else ""
    counts = [n for n in shown if n <= len(trials)]
    found = best_of(own, name, counts)
    cells = [
        f"{e:+.1f} ({w:+.0f} to {b:+.0f})"
        for e, w, b in zip(found.expected, found.low, found.high, strict=True)
    ]
    return [plain(name), f"{good}/{most}", said, edge, *cells, *[""] * (len(shown) - len(cells))]


def _most(reference: Record) -> float:
    """The gain of a perfect answer to everything."""
    gains = []
    for task in reference.tasks.values():
        other = task.shown(task.dev)
        if other:
            perfect = 0.0 if task.lower_is_better else 100.0
            gains.append(abs(perfect - other) / abs(other))
    return mean(gains) if gains else 0.0
