"""`CLAIMS.md`: what papers say, and what stored runs say to it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from tabulate import tabulate

from seesaw.reports.claims.cell import Facts
from seesaw.reports.claims.decide import Decided, DecidedPart
from seesaw.reports.claims.form import Compared, Counted, Depth, Front, Part, Rates, Trend
from seesaw.reports.claims.found import Missing
from seesaw.reports.claims.verdict import Finding, Said
from seesaw.reports.markup import link, plain
from seesaw.suite.records.record import Record

PAGE = "CLAIMS.md"
SIGNS: Mapping[Said, str] = {
    "confirmed": "✔ confirmed",
    "refuted": "✘ refuted",
    "equivalent": "= equivalent",
    "inconclusive": "· inconclusive",
    "not run here": "○ not run here",
}
"""No verdict is told by its sign alone."""
INTRODUCTION = """\
# Claims

Made by `make claims` (and `make leaderboard`) from the claims in `reports/claims.toml` and the
records under `results/`: what papers say of these methods, and what our runs say to it.

A claim has parts, and every part a rule that is judged on each of its tracks. Differences are
paired by seed and item, intervals are of 95 %, and what is said of several comparisons holds for
all of them together at 5 % (Holm). *Confirmed* is what surely lies where the claim has it,
*refuted* what surely does not. *Equivalent* stands where a difference is claimed and there surely
is none of a size that counts; *inconclusive* where the runs leave it open.

Where a part has several rows all of them must hold, unless it says otherwise: one that is refuted
refutes the part. Over tracks, a part is what one track says as long as no other says the opposite;
where they disagree it is inconclusive, and tracks without runs say nothing. Over parts, a claim is
confirmed if all its parts are, and refuted if one is; where some are not run it is inconclusive.

Tuned entries are taken where they are stored; others are marked *untuned*: they have the track's
own learning rate, which may suit one method better than another. Our tracks and backbones are
smaller than those of the papers, so a verdict is on the idea under our conditions. The command in
each section is what would decide the claim in the paper's own setting.
"""


def markdown(decided: Sequence[Decided], facts: Mapping[str, Facts], results: str) -> str:
    """The page: a table of all claims, then a section for each.

    Args:
        decided: in the order of their file.
        facts: of the tracks that they name.
        results: the published store's address as a link from the page.
    """
    rows = [
        [own.claim.id, plain(own.claim.says), plain(own.claim.number), SIGNS[own.said]]
        for own in decided
    ]
    parts = [INTRODUCTION, _table(["no.", "claim", "the paper's number", "here"], rows)]
    for own in decided:
        parts += _section(own, facts, results)
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _section(own: Decided, facts: Mapping[str, Facts], results: str) -> list[str]:
    claim = own.claim
    return [
        f"## {claim.id}. {plain(claim.says)}",
        f"**{SIGNS[own.said]}.** {plain(claim.paper)}: {plain(claim.number)}.",
        plain(claim.note),
        f"Not run here: {plain(claim.lacks)}" if claim.lacks else "",
        *(text for part in own.parts for text in _part(part, facts, results)),
        f"In the paper's own setting:\n\n{_code([claim.command])}",
    ]


def _part(own: DecidedPart, facts: Mapping[str, Facts], results: str) -> list[str]:
    rows = [
        [plain(found.track), plain(row.what), plain(row.value), SIGNS[row.said], _settings(found)]
        for found in own.findings
        for row in found.rows
    ]
    header = ["track", "what", "found (95 %)", "says", "settings"]
    missing = commands([one for f in own.findings for one in f.missing], facts)
    return [
        f"{SIGNS[own.said]}: {plain(words(own.part))}",
        _table(header, rows),
        _behind([record for found in own.findings for record in found.records], results),
        f"Runs that are not stored yet:\n\n{_code(missing)}" if missing else "",
    ]


def _settings(found: Finding) -> str:
    if not found.records:
        return ""
    return "tuned" if found.tuned else "untuned"


def words(part: Part) -> str:
    """The rule of a part as a sentence."""
    match part:
        case Compared():
            thing = "evenness of experts' use" if part.measure == "entropy" else "the score"
            said = {
                "better": f"{thing} of the first is above that of the second; within "
                f"{part.margin:g} they are equivalent",
                "not_worse": f"{thing} of the first is not {part.margin:g} or more below",
                "equivalent": f"{thing} of both is the same within {part.margin:g}",
            }[part.rule]
        case Trend():
            steps = ", ".join(f"{point.at:g}" for point in part.points)
            said = f"{part.rule} along {steps}; a change within {part.margin:g} counts as none"
        case Depth():
            said = "the share of the gate that shared experts get falls from first layer to last"
        case Counted():
            said = f"at most {part.times:g} times as much"
        case Front():
            said = "better than every entry that takes no more operations"
        case Rates(rule="rates_differ"):
            said = "best learning rates differ; a ratio from {:g} to {:g} counts as none".format(
                *part.ratio
            )
        case Rates():
            said = "the ratio of best learning rates is from {:g} to {:g}".format(*part.ratio)
        case _:
            raise AssertionError(part)
    need = {"all": "", "most": " (most of them)", "any": " (one of them at least)"}[part.need]
    return f"{said}{need}."


def commands(missing: Iterable[Missing], facts: Mapping[str, Facts]) -> list[str]:
    """Calls that make missing runs; entries that are asked for alike share one."""
    groups: dict[tuple[str, tuple[str, ...], int, tuple[int, ...], bool], list[str]] = {}
    for one in dict.fromkeys(missing):
        cell = one.cell
        key = (cell.track, cell.tasks, cell.budget, one.seeds, one.tuned)
        groups.setdefault(key, []).append(shlex.quote(cell.asked))
    found = []
    for (track, tasks, budget, seeds, tuned), asked in groups.items():
        words = ["seesaw bench", *asked, f"--track {track}"]
        words += [f"--tasks {','.join(tasks)}"] if tasks else []
        words += [f"--budget {budget}"] if budget != facts[track].budget else []
        words += [f"--seeds {','.join(map(str, seeds))}"]
        words += ["--tuned"] if tuned else []
        words += ["--data DIR"] if facts[track].takes_data else []
        found.append(" ".join(words))
    return found


def _behind(records: Sequence[Record], results: str) -> str:
    """Links to records, by entry."""
    entries: dict[str, list[str]] = {}
    for own in {record.path: record for record in records}.values():
        name = plain(f"{own.spec.track} {own.spec.budget:,} {own.spec.variant}")
        address = f"{results}/{own.path}.json"
        entries.setdefault(name, []).append(link(own.spec.seed, address))
    lines = [f"{name}: {' '.join(links)}" for name, links in entries.items()]
    return f"Records by seed: {'; '.join(lines)}." if lines else ""


def _code(lines: Iterable[str]) -> str:
    return "\n".join(["```sh", *lines, "```"])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    align = ["left"] * len(header)
    return tabulate(rows, header, tablefmt="github", colalign=align, disable_numparse=True)
