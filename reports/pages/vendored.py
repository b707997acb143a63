"""Scripts of others that the site carries, taken out of installed packages when it is built.

DataTables (MIT) lies in itables, Vega-Lite and vega-embed (BSD) in vl-convert.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import vl_convert

EXPORTS = re.compile(r"export\s*\{([^}]*)\}\s*;?")


class VendorError(RuntimeError):
    """A package holds something else than the site expects."""


@cache
def scripts() -> dict[str, str]:
    """Files by name: two scripts for a page that is opened from disk, and a sheet of styles."""
    folder = _itables()
    return {
        "datatables.js": classic((folder / "dt_bundle.js").read_text(), "DataTable"),
        "datatables.css": (folder / "dt_bundle.css").read_text(),
        "vega.js": vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"),
    }


def _itables() -> Path:
    """Its folder, without importing it."""
    spec = find_spec("itables")
    if spec is None or spec.origin is None:
        raise VendorError("itables is not installed; `make setup` installs it")
    return Path(spec.origin).parent / "html"


def classic(module: str, name: str) -> str:
    """A module whose default export is `window.<name>`: browsers load no module from a disk.

    Raises:
        VendorError: it has no default export.
    """
    found = list(EXPORTS.finditer(module))
    named = [part.split(" as ") for part in found[-1][1].split(",")] if found else []
    own = next((pair[0].strip() for pair in named if pair[-1].strip() == "default"), None)
    if own is None:
        raise VendorError(f"itables {version('itables')} exports no default; that of 2.9 does")
    start, stop = found[-1].span()
    return f"(()=>{{{module[:start]}window.{name}={own};{module[stop:]}\n}})();\n"
