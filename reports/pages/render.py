"""Templates and Markdown as HTML; whatever stands in a record is text and does nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from seesaw.reports.intervals import Verdict
from seesaw.reports.verdict_table import SIGNS
from seesaw.suite.records.names import printable

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"
NUMBER = re.compile(r"[-+−]?\d[\d,]*\.?\d*(e[-+]?\d+)?")
TURNED: Mapping[Verdict, Verdict] = {
    "better": "worse", "worse": "better",
    "equivalent": "equivalent", "inconclusive": "inconclusive",
}  # fmt: skip
"""A verdict, seen from the other side."""
# no raw HTML, and no links but to web addresses and paths
_MARKDOWN = MarkdownIt("js-default")


def order(cell: str) -> str:
    """What a cell is sorted by: its first number if it begins with one, else its text."""
    found = NUMBER.match(cell)
    return found.group(0).replace(",", "").replace("−", "-") if found else cell


def html(markdown: str) -> Markup:
    """Markdown of ours, in which texts of others are escaped, as HTML."""
    return Markup(_MARKDOWN.render(markdown))


def environment() -> Environment:
    """Where templates are found, with what they may call."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["SIGNS"], found.globals["TURNED"] = SIGNS, TURNED
    found.filters |= {"order": order, "markdown": html, "shown": printable}
    return found
