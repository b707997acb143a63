"""Routing maps as small pictures inside a page: a pixel per adapted place and expert."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import matplotlib
import numpy as np
from PIL import Image

from seesaw.reports.routing import shares
from seesaw.suite.records.record import Record


def maps(record: Record) -> Iterator[tuple[str, str]]:
    """For each of its `shares` a title and a picture as a data address; bright is much."""
    for title, table in shares(record).items():
        most = max(float(np.nanmax(table)), 1e-9)
        pixels = matplotlib.colormaps["viridis"](table / most, bytes=True)[..., :3]
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", optimize=True)
        code = base64.b64encode(buffer.getvalue()).decode()
        yield title, f"data:image/png;base64,{code}"
