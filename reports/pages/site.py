"""All files of the site, by their address in it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment

from seesaw.reports.board import Board
from seesaw.reports.board_page import sentences
from seesaw.reports.calibration_page import board_lines
from seesaw.reports.drawing.catalogue import OF_A_BOARD
from seesaw.reports.judgement import Judgement
from seesaw.reports.overview import CAPTION, overview
from seesaw.reports.pages.render import ASSETS, environment
from seesaw.reports.pages.shown import Shown, tuning_address
from seesaw.reports.pages.vendored import scripts
from seesaw.reports.unlike import largest
from seesaw.suite.records.calibration import Calibration


@dataclass(frozen=True)
class Texts:
    """Pages that are text, in Markdown, by what stands above them."""

    introduction: str
    findings: str
    claims: str
    calibration: str
    tuning: str


def site(
    found: Sequence[Judgement],
    figures: Container[str],
    texts: Texts,
    refused: Mapping[str, str],
    results: str,
    pictures: Mapping[str, str],
    calibrations: Sequence[Calibration],
) -> dict[str, str]:
    """Every page and what it needs beside it.

    Args:
        found: all boards.
        figures: addresses of those that there are, from the site's root.
        texts: pages that are text.
        refused: what of the store is not shown, and why, by path.
        results: the published store's address as a link from the site's root.
        pictures: addresses of predictions as links from there, by the path of their record.
        calibrations: of the boards' tracks.
    """
    pages = environment()
    main = largest(own.board for own in found)
    shown = [_shown(own, main, figures, pictures, calibrations) for own in found]
    common: dict[str, Any] = {"boards": shown, "results": results}
    files = {path.name: path.read_text() for path in sorted(ASSETS.iterdir())} | scripts()
    files["index.html"] = _page(pages, "front.html", "", common | _front(shown, main))
    for address, title, text in (
        ("findings", "Findings", texts.findings),
        ("how-to-read", "How to read this", texts.introduction),
        ("claims", "Claims", texts.claims),
        ("calibration", "Calibration", texts.calibration),
        ("tuning", "Tuning", texts.tuning),
    ):
        own = common | {"title": title, "text": text or f"# {title}\n\nNone so far."}
        files[f"{address}.html"] = _page(pages, "text.html", "", own)
    files["add.html"] = _page(pages, "add.html", "", common)
    files["incomplete.html"] = _page(pages, "incomplete.html", "", common | {"refused": refused})
    for board in shown:
        files |= dict(_board(pages, board, common))
    return files


def _front(shown: Sequence[Shown], main: Mapping[tuple[str, str], Board]) -> dict[str, Any]:
    first = overview([own.judged for own in shown])
    columns = [own for own in shown if first is not None and own.judged in first.boards]
    sections = [
        own
        for own in shown
        if own in columns or (main[own.board.track, own.board.size] is own.board and own.answer)
    ]
    return {"front": sections, "overview": first, "caption": CAPTION, "columns": columns}


def _board(
    pages: Environment, shown: Shown, common: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for kind, text in shown.exports():
        yield f"boards/{shown.board.name}.{kind}", text
    yield shown.address, _page(pages, "board.html", "../", {**common, "shown": shown})
    yield shown.compare_address, _page(pages, "compare.html", "../", {**common, "shown": shown})
    for entry in shown.board.entries:
        own = {**common, **shown.of_entry(entry)}
        yield shown.entry_address(entry), _page(pages, "entry.html", "../../", own)


def _page(pages: Environment, template: str, root: str, values: Mapping[str, Any]) -> str:
    return pages.get_template(template).render(root=root, **values)


def _shown(
    judged: Judgement,
    main: Mapping[tuple[str, str], Board],
    figures: Container[str],
    pictures: Mapping[str, str],
    calibrations: Sequence[Calibration],
) -> Shown:
    board = judged.board
    own = {kind: f"figures/{board.name}-{kind}.svg" for kind in OF_A_BOARD}
    there = {kind: address for kind, address in own.items() if address in figures}
    said = sentences(board, main[board.track, board.size])
    said += board_lines(board, calibrations, "../calibration.html")
    return Shown(judged, said, there, tuning_address(board, figures), pictures)
