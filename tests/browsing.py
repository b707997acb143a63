"""A site from synthetic records, and its pages as a browser opens them from disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from records import outcomes_of

from seesaw.reports.leaderboard import build
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
NEEDS_CHROMIUM = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; apt-get install chromium"),
    pytest.mark.usefixtures("nothing_to_complain_of"),
]
SCORES = {
    "lora": 0.70,
    "smora": 0.75,
    "ase": 0.76,
    "molora_uniform": 0.715,
    "head_only": 0.30,
    "more": 0.73,
    "lora_per_task_full": 0.80,
}
COMPLAINTS: list[str] = []
"""Errors of scripts and requests to a network, of the present test."""


def stored(records: list[Record], folder: Path) -> Path:
    """The folder of the site of some records."""
    store = Store(str(folder / "results"))
    for own in records:
        store.add(own, {".parquet": outcomes_of()})
    scan = store.scan()
    build(scan.records, scan, folder / "reports", results=store.address)
    return folder / "reports" / "site"


def opened(browser: Browser, path: Path, view: str = "", **settings: object) -> Page:
    """A page from disk; a board's is ready once its chart is drawn."""
    context = browser.new_context(**settings)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("console", lambda said: said.type == "error" and COMPLAINTS.append(said.text))
    page.on("pageerror", lambda error: COMPLAINTS.append(str(error)))
    page.on("request", lambda asked: _local(asked.url) or COMPLAINTS.append(asked.url))
    page.goto(f"{path.as_uri()}{view}")
    if settings.get("java_script_enabled", True) and path.parent.name == "boards":
        page.wait_for_selector("#chart svg.marks")
    return page


def _local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


def board(site: Path) -> Path:
    (found,) = (site / "boards").glob("*.html")
    return found


def names(page: Page, table: int = 0) -> list[str]:
    """Entries of a table as they stand there."""
    return page.locator("table.entries").nth(table).locator("tbody tr th").all_inner_texts()
