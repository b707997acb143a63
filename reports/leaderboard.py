"""The leaderboard: `LEADERBOARD.md`, `LEADERBOARD.csv` and a figure per board, from the store."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from seesaw.reports import calibration_page, exports, speed, tuning
from seesaw.reports import findings as findings_page
from seesaw.reports.board import REFERENCES, SEEDS_FOR_RANKS
from seesaw.reports.board_page import answer, sentences
from seesaw.reports.boards import boards
from seesaw.reports.calibration_page import board_lines
from seesaw.reports.claims import page as claims_page
from seesaw.reports.claims.decide import decide
from seesaw.reports.claims.found import Stored
from seesaw.reports.claims.read import Claims
from seesaw.reports.dial import Curve, curves, section
from seesaw.reports.drawing import catalogue
from seesaw.reports.drawing.style import as_files
from seesaw.reports.evidence import Pulls, unknown
from seesaw.reports.files import linked, remove_others, replace
from seesaw.reports.judgement import Judgement
from seesaw.reports.markup import link, plain
from seesaw.reports.overview import CAPTION, overview
from seesaw.reports.pages.site import Texts, site
from seesaw.reports.pages.vendored import scripts
from seesaw.reports.statistics import MARGIN, TASK_MARGIN
from seesaw.reports.table import markdown as rendered
from seesaw.reports.task_table import seesaw_table, task_table
from seesaw.reports.unlike import largest, untuned
from seesaw.reports.verdict_table import verdict_table
from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Scan
from seesaw.tasks.parallel import Later, beside, cpus

TITLE = "# Leaderboard"
MADE = (
    "Made by `make leaderboard` from the records under `results/`: every number comes from stored "
    "runs."
)
HOW = "How to read this"
INTRODUCTION = f"""\
A board says whether its entries were tuned; one that was not is **provisional**, since a learning
rate that suits one method may not suit another. An entry has a rank from {SEEDS_FOR_RANKS} seeds
on. Entries stand in the order of their average.

Above each table stands which entries are told apart from LoRA, with their gain and with how many
times LoRA's parameters, operations of training and, where it was measured, time of a step they
take, where that is not once; its second column says the verdict again.
Intervals are of 95 % and count both kinds of chance: another seed, and other test items.
Differences are paired by seed and item. A *verdict* holds at 5 % for all entries of its column
together (Holm): better, worse, equivalent (surely within {MARGIN} points; {TASK_MARGIN:g} on a
single task) or not told apart. *Rank* is the best and the worst place that an entry may have;
entries that share a letter of *group* cannot be told apart, all pairs taken together. The columns
of verdicts are LoRA at the same total of parameters, LoRA of the rank that is active for a token,
the same mixture with equal weights or with a router that stays random, and a LoRA for every task,
all of them together of the same total.

Scores are in points (metric times 100) on the test split, or in the unit that stands with the
metric, where ↓ says that less is better; by task, mean ± standard deviation over seeds. *IQM* is
the mean of the middle half of all scores, a score for every task and seed. *Untuned* is the average
of the same entry with the track's own settings. *Detectable* is the least gain or loss that would
be found four times out of five, were this entry alone compared with LoRA. *Δm* is the mean over
tasks of the relative gain, in percent, over a LoRA for every task alone that has the whole budget
to itself (`{REFERENCES["total"]}`); *least Δm* leaves out the task that speaks most for the entry,
since one task with a low reference can make up all of Δm. *Tasks that fall* are those on which an
entry is surely worse than that LoRA, with the deepest fall.
*Parameters* are the trainable ones of the adapter, router and task embedding included; *active* is
what one token uses. *Operations* are those of training, per example. *Step* is the time of one
training step over that of PEFT's LoRA of equal total rank, measured side by side in one process.
*Bag of words* is a linear model on word counts, and *constant answer* the best answer that ignores
the input. *Forgotten* is by how much a language model's loss rose on text that is no task's, in
nats per token. A name that is a link shows predictions.
"""


SEESAW = (
    "What each task gains or loses by being learnt with the others, over a LoRA for it alone that "
    "has the whole budget (95 %); ▲ and ▼ where that is sure."
)
SITE = "site"
"""Where the pages go with all figures; it is not committed."""
FEW = 4
"""Boards that are judged and drawn sooner than another process starts."""
NOTHING_REFUSED: Mapping[str, str] = {}
NO_CLAIMS = Claims([], {}, "")
NO_DIALS: Mapping[str, float] = {}
NO_ITEMS = (
    "Answers are not known item by item everywhere here; where they are not, intervals count seeds "
    "alone."
)


def build(
    records: Sequence[Record],
    scan: Scan,
    out: Path,
    calibrations: Sequence[Calibration] = (),
    pulls: Pulls = unknown,
    claims: Claims = NO_CLAIMS,
    results: str = "results",
    dials: Mapping[str, float] = NO_DIALS,
    refused: Mapping[str, str] = NOTHING_REFUSED,
    findings: str = "",
) -> list[Path]:
    """Write the leaderboard into the folder `out`, its site below it; the files written.

    Args:
        records: those that are to be shown.
        scan: of their store, for step times and pictures.
        out: made where it is missing.
        calibrations: those that are to be shown.
        pulls: of test items on what runs scored; where unknown, intervals count seeds alone.
        claims: what is held against the records.
        results: the store's address, which claims link to.
        dials: where tracks have their dial of conflict, by `name@version`.
        refused: what of the store is not shown, and why, by path.
        findings: a text that asks for what was found; its page is made where runs say what it does.
    """
    found = boards(records, scan.speed)
    links = _links(scan.pictures, out)
    settings = untuned(found)
    with beside(cpus() if len(found) > FEW else 1) as submit:
        # the frozen backbone may stand in for several entries
        runs = {run.path: run for board in found for entry in board.entries for run in entry.runs}
        known = {path: submit(pulls, run) for path, run in runs.items()}
        scripts()  # bundled while others are at work, and kept for the site
        judged = [
            Judgement(board, lambda run: known[run.path](), settings.get(board.name))
            for board in found
        ]
        turned = [curve for curve in curves(judged, dials) if curve.entries()]
        figures = catalogue.figures(judged, turned, tuning.tunings(records))
        waiting = {name: submit(as_files, figure) for name, figure in figures}
        main = {*(catalogue.main(own.board) for own in judged), *(curve.name for curve in turned)}
        shown = [f"figures/{name}.svg" for name in waiting if name in main]
        decided = decide(claims, Stored(judged, records, scan.speed))
        calibrated, tried = calibration_page.markdown(calibrations), tuning.markdown(records)
        here, there = findings_page.pages(findings, judged, decided, linked(results, out))
        files: dict[str, str | bytes] = {
            "LEADERBOARD.md": markdown(judged, shown, links, calibrations, turned),
            "boards.json": exports.as_json(judged),
            calibration_page.PAGE: calibrated,
            tuning.PAGE: tried,
            **({findings_page.PAGE: here} if here else {}),
            "SPEED.md": speed.markdown(scan.speed),
            "LEADERBOARD.csv": exports.as_csv(found),
            claims_page.PAGE: claims_page.markdown(decided, claims.facts, linked(results, out)),
            **{f"tables/{own.board.name}.tex": exports.as_latex(own) for own in judged},
        }
        root = out / SITE
        from_site = linked(results, root)
        texts = Texts(
            introduction=f"# {HOW}\n\n{MADE}\n\n{INTRODUCTION}",
            findings=there,
            claims=claims_page.markdown(decided, claims.facts, from_site),
            calibration=calibrated,
            tuning=tried,
        )
        drawn = [f"figures/{name}.svg" for name in waiting]
        beyond = _links(scan.pictures, root)
        pages = site(judged, drawn, texts, refused, from_site, beyond, calibrations)
        files |= {f"{SITE}/{name}": page for name, page in pages.items()}
        files |= _pictures(waiting, main)
    paths = [out / name for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        replace(path, content)
    remove_others(root, paths)
    # of the site its front says where the rest is
    return [path for path in paths if out / SITE not in path.parents or path.name == "index.html"]


def _pictures(
    waiting: Mapping[str, Later[tuple[bytes, bytes]]], main: Container[str]
) -> dict[str, bytes]:
    """Files of figures, for papers all of them as SVG and PDF; `main` stand beside tables too."""
    files: dict[str, bytes] = {}
    for name, later in waiting.items():
        svg, pdf = later()
        files[f"{SITE}/figures/{name}.svg"], files[f"{SITE}/figures/{name}.pdf"] = svg, pdf
        if name in main:
            files[f"figures/{name}.svg"] = svg
    return files


def _links(pictures: Mapping[str, str], out: Path) -> dict[str, str]:
    """Addresses of pictures as links from a page in `out`, by the path of their record."""
    return {path: linked(address, out) for path, address in pictures.items()}


def markdown(
    found: Sequence[Judgement],
    pictures: Container[str],
    links: Mapping[str, str],
    calibrations: Sequence[Calibration],
    dials: Sequence[Curve] = (),
) -> str:
    """The page: a section per board, with its figure; entries link to a picture."""
    if not found:
        return f"{TITLE}\n\n{MADE}\n\nNo records yet.\n"
    parts, main = [TITLE, MADE], largest(own.board for own in found)
    if (first := overview(found)) is not None:
        parts += [rendered(first.table), plain(CAPTION)]
        parts += ["\n".join(f"- {plain(name)}: {plain(own)}" for name, own in first.says.items())]
    parts += [f"## {HOW}", INTRODUCTION]
    for judged in found:
        board = judged.board
        parts += [
            f"## {plain(board.track)}, {board.size}",
            *sentences(board, main[board.track, board.size]),
            *([] if judged.evidence.knows_items else [NO_ITEMS]),
            *board_lines(board, calibrations),
            answer(judged),
        ]
        if (picture := f"figures/{catalogue.main(board)}.svg") in pictures:
            parts.append("!" + link(f"Scores on {board.track}", picture))
        for title, entries in board.blocks.items():
            parts += [f"### Entries {title}", rendered(verdict_table(judged, entries), links)]
            parts += [rendered(task_table(board, entries), links)]
            if seesaw := seesaw_table(judged, entries):
                parts += [SEESAW, rendered(seesaw, links)]
    parts += [section(curve) for curve in dials]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
