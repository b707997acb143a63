"""Text of others in Markdown: it is shown as it is and does nothing."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from seesaw.suite.records.names import printable


def plain(text: object) -> str:
    r"""`text` as it is to be read, in a paragraph or a cell: `\|` for a bar, `&lt;` for a tag."""
    shown = html.escape(printable(text), quote=False)
    return re.sub(r"[\\|`*\[\]]", r"\\\g<0>", shown)


def link(text: object, address: str) -> str:
    """`text` linking to an address, which may hold blanks and brackets."""
    return f"[{plain(text)}]({quote(address, safe='/:@+=,')})"
