"""Templates and Markdown as HTML; whatever stands in a record is text and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markdown_it import MarkdownIt
from markupsafe import Markup

from seesaw.reports.intervals import Verdict
from seesaw.reports.verdict_table import SIGNS
from seesaw.suite.records.names import printable

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"
TURNED: Mapping[Verdict, Verdict] = {
    "better": "worse", "worse": "better",
    "equivalent": "equivalent", "inconclusive": "inconclusive",
}  # fmt: skip
"""A verdict, seen from the other side."""
COMPACT = partial(htmlsafe_json_dumps, separators=(",", ":"))
"""JSON for scripts, without a space that nobody reads."""
# no raw HTML, and no links but to web addresses and paths
_MARKDOWN = MarkdownIt("js-default")


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
    found.filters |= {"compact": COMPACT, "markdown": html, "shown": printable}
    return found
