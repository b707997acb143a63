"""Whether a run came out as another one: its published twin, or the same run done before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import mean, stdev

from scipy.stats import t as student_t

from seesaw.suite.records.provenance import machine
from seesaw.suite.records.record import MethodSource, Provenance, Record
from seesaw.suite.records.store import Store

LEAST_SEEDS = 3
"""Fewer published seeds say nothing about what seeds do."""
ALPHA = 0.05
ROUNDED = 1e-4
"""Points by which a score of the same weights may differ: metrics are rounded by the processor."""


def reproduction(record: Record, published: Store) -> str | None:
    """Whether `record` reproduces its published twin, in words; None if there is no twin.

    A record that was published itself, or lies in the published store, is no twin of its own.
    """
    if record.status != "ok":
        return None
    twins = [
        twin
        for twin in published.attempts(record.spec)
        if twin.status == "ok" and not _same_run(twin, record)
    ]
    if not twins:
        return None
    twin = twins[-1]
    shown, known = record.scores(), twin.scores()
    largest = max((abs(shown[task] - value) for task, value in known.items()), default=0.0)
    if not largest and record.outcomes_sha256 == twin.outcomes_sha256:
        return "reproduced the published record bit for bit"
    made = _made_otherwise(record.provenance, twin.provenance)
    if record.trained_sha256 and record.trained_sha256 == twin.trained_sha256 and largest < ROUNDED:
        close = f"within {largest:.0e}" if largest else "the same"
        said = f"the same trained weights bit for bit, scores {close}"
        return f"reproduced the published record: {said}{f' ({made})' if made else ''}"
    differs = f"differs from the published record by up to {largest:.2f}"
    if not made:
        return f"{differs}, which was made on the same kind of machine"
    return f"{differs} ({made}); {_against_seeds(shown, published.seeds(record.spec))}"


def _made_otherwise(here: Provenance, there: Provenance) -> str:
    """In what the making of a published record differs from that of one of here."""
    other = []
    if there.machine != here.machine:
        other.append(f"made on {there.machine}")
    if there.threads != here.threads:
        other.append(f"with {there.threads} thread" + "s" * (there.threads > 1))
    if there.numerics != here.numerics:
        kernels = " ".join(f"{name} {value}" for name, value in there.numerics.items())
        other.append(f"with kernels {kernels or 'as the processor has them'}")
    return ", ".join(other)


def _against_seeds(scores: Mapping[str, float], entry: Sequence[Record]) -> str:
    """Whether scores are what one more seed of a published entry would bring, in words.

    Another processor rounds otherwise, and that is another draw of the same chance as a seed.
    The interval is the one for a further draw from a normal distribution, mean ± t sd √(1 + 1/n),
    at 95 % for all tasks together (Bonferroni).
    """
    if (n := len(entry)) < LEAST_SEEDS:
        return f"{n} published seed{'s' * (n != 1)} cannot say whether that is much"
    level = 1 - ALPHA / (2 * len(scores))
    factor = float(student_t.ppf(level, n - 1)) * sqrt(1 + 1 / n)
    outside = []
    for task, value in scores.items():
        seeds = [record.scores()[task] for record in entry]
        reach = factor * stdev(seeds)
        if abs(value - mean(seeds)) > reach:
            low, high = mean(seeds) - reach, mean(seeds) + reach
            outside.append(f"{task} {value:.2f} is not in {low:.2f} to {high:.2f}")
    if outside:
        return f"outside what {n} seeds do, look here: {'; '.join(outside)}"
    return f"inside what {n} seeds do"


def _same_run(one: Record, other: Record) -> bool:
    """Whether two records are one run: copies differ in the attempt's number at most."""
    return one.model_copy(update={"attempt": 0}) == other.model_copy(update={"attempt": 0})


def outdated(record: Record, method: MethodSource, threads: int) -> str | None:
    """Why a run that ended `ok` must be done again; None if it stands.

    The method's code and the number of threads may move a score, and neither is in the spec.
    """
    made = record.provenance
    if made.threads != threads:
        return f"it was made with {made.threads} threads, not {threads}"
    if made.method is not None and made.method != method:
        return f"it was made with other code of {record.spec.method} ({_named(made.method)})"
    return None


def _named(source: MethodSource) -> str:
    package = f"{source.distribution} {source.version}, " if source.distribution else ""
    return f"{package}{source.module} {source.sha256[:12]}"


def made_elsewhere(record: Record, commit: str | None, packages: dict[str, str]) -> str | None:
    """What else a run that stands was made with, in words; None if it was made as it would be now.

    None of it should move a score, but if one did move, this says where to look.
    """
    made, other = record.provenance, []
    if made.git_commit != commit:
        other.append(f"at commit {(made.git_commit or 'unknown')[:12]}")
    if made.packages.get("torch") != packages.get("torch"):
        other.append(f"with torch {made.packages.get('torch', 'unknown')}")
    if made.machine != machine():
        other.append(f"on {made.machine}")
    return f"made {' '.join(other)}" if other else None
