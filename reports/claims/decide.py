"""Claims decided: from the rows of a file and stored runs to verdicts, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seesaw.reports.claims.form import Claim, Part
from seesaw.reports.claims.found import Missing, Stored
from seesaw.reports.claims.read import Claims
from seesaw.reports.claims.rules import finding
from seesaw.reports.claims.verdict import Finding, Said, over_parts, over_tracks


@dataclass(frozen=True)
class DecidedPart:
    """A part, what was found on each of its tracks, and what they say together."""

    part: Part
    findings: Sequence[Finding]

    @property
    def said(self) -> Said:
        """Over all tracks."""
        return over_tracks([own.said for own in self.findings])


@dataclass(frozen=True)
class Decided:
    """A claim with its parts; all of them must hold."""

    claim: Claim
    parts: Sequence[DecidedPart]

    @property
    def said(self) -> Said:
        """Over all parts."""
        return over_parts([own.said for own in self.parts]) if self.parts else "not run here"

    @property
    def missing(self) -> list[Missing]:
        """All runs that it asks for and that are not stored, each once."""
        found = [one for part in self.parts for own in part.findings for one in own.missing]
        return list(dict.fromkeys(found))


def decide(claims: Claims, stored: Stored) -> list[Decided]:
    """Every claim of a file, in its order."""
    return [
        Decided(
            claim,
            [
                DecidedPart(
                    part, [finding(part, track, claims.facts, stored) for track in part.tracks]
                )
                for part in claim.parts
            ],
        )
        for claim in claims.rows
    ]
