"""What rows, tracks and parts say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seesaw.reports.claims.found import Missing
from seesaw.reports.comparison import Family
from seesaw.reports.intervals import LEVEL, Interval, Verdict, above, holm, verdicts
from seesaw.suite.records.record import Record

Said = Literal["confirmed", "refuted", "equivalent", "inconclusive", "not run here"]
Region = Literal["above", "not below", "within"]
"""Where a true difference must lie: over 0, over minus the margin, or within it on both sides."""
OF: dict[Verdict, Said] = {
    "better": "confirmed",
    "worse": "refuted",
    "equivalent": "equivalent",
    "inconclusive": "inconclusive",
}


@dataclass(frozen=True)
class Row:
    """One comparison of a part: what is compared, what came of it, and what that says."""

    what: str
    value: str
    said: Said


@dataclass(frozen=True)
class Finding:
    """A part on one of its tracks: its rows, what they say together, and what is behind them.

    `why` says what is wanting where nothing can be said yet.
    """

    track: str
    rows: Sequence[Row]
    said: Said
    tuned: bool
    records: Sequence[Record]
    missing: Sequence[Missing]
    why: str = ""


def judged(family: Family, region: Region, margin: float) -> list[tuple[Interval, Said]]:
    """Intervals of differences that are looked at together, and whether they lie in a region.

    Confirmed is what surely lies there and refuted what surely does not, at 5 % for the family
    (Holm). Of a difference that is to be above 0, one surely within the margin is equivalent.
    """
    means, spread = family.means, family.spread
    said: list[Said]
    if region == "above":
        said = [OF[verdict] for verdict in verdicts(means, spread, margin)]
    else:
        room = margin + (means if region == "not below" else -np.abs(means))
        inside, outside = (holm(above(own, spread)) for own in (room, -room))
        said = [
            "confirmed" if i < LEVEL else "refuted" if o < LEVEL else "inconclusive"
            for i, o in zip(inside, outside, strict=True)
        ]
    reach = spread.reach()
    intervals = [
        Interval.around(own, float(half)) for own, half in zip(family.gains, reach, strict=True)
    ]
    return list(zip(intervals, said, strict=True))


def together(said: Sequence[Said], need: Literal["all", "most", "any"] = "all") -> Said:
    """What several say of which all, most (over half) or any must hold."""
    count = {one: said.count(one) for one in ("confirmed", "refuted", "equivalent", "not run here")}
    held, lost = count["confirmed"], count["refuted"]
    least = {"all": len(said), "most": len(said) // 2 + 1, "any": 1}[need]
    if held >= least:
        return "confirmed"
    if lost > len(said) - least:
        return "refuted"
    if count["not run here"]:
        return "not run here"
    if held + count["equivalent"] >= (len(said) if need == "any" else least):
        return "equivalent"
    return "inconclusive"


def over_parts(said: Sequence[Said]) -> Said:
    """What a claim says over its parts, all of which must hold.

    Where some of them are not run and no other is refuted it is open, and no longer not run.
    """
    found = together(said)
    part_run = any(one != "not run here" for one in said)
    return "inconclusive" if found == "not run here" and part_run else found


def over_tracks(said: Sequence[Said]) -> Said:
    """What a part says over its tracks: what one of them does, unless another one says otherwise.

    Tracks where nothing was run say nothing. One that confirms and one that refutes leave it open.
    """
    there = {one for one in said if one != "not run here"}
    if not there:
        return "not run here"
    if {"confirmed", "refuted"} <= there:
        return "inconclusive"
    for one in ("confirmed", "refuted", "equivalent"):
        if one in there:
            return one
    return "inconclusive"
