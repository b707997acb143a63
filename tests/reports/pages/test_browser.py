"""The site's good manners in a real browser: small screens, no scripts, readers of every kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import NEEDS_CHROMIUM, SCORES, board, names, opened, stored
from playwright.sync_api import Browser, expect
from records import outcomes_of, record, spec

from seesaw.suite.records.spec import Tuned

pytestmark = NEEDS_CHROMIUM


def test_two_entries_are_compared_without_a_script(browser: Browser, site: Path) -> None:
    (address,) = (site / "compare").glob("*.html")
    page = opened(browser, address, java_script_enabled=False)
    assert page.locator(".pair tr:visible").count() == 0
    row = page.locator("table.pairs tbody tr", has=page.get_by_role("rowheader", name="ase"))
    row.get_by_role("link").nth(1).click()
    (pair,) = page.locator(".pair tbody tr:visible").all()
    assert "over" in pair.inner_text()
    assert pair.locator("td").count() == 1 + 2
    page.emulate_media(media="print")
    assert page.locator(".pair tbody tr:visible").count() > 1


def test_a_gain_leads_to_its_pair_and_to_the_runs_of_both(browser: Browser, site: Path) -> None:
    page = opened(browser, next(site.glob("entries/*/*-smora.html")), java_script_enabled=False)
    page.get_by_role("link", name="LoRA", exact=True).click()
    expect(page).to_have_url(re.compile(r"-lora\.html#runs$"))
    page.go_back()
    page.locator("dd a").first.click()
    (pair,) = page.locator(".pair tbody tr:visible").all()
    assert pair.locator("th").inner_text().startswith("smora over lora")
    pair.get_by_role("link", name="lora").click()
    expect(page).to_have_url(re.compile(r"-lora\.html#runs$"))


def test_a_board_can_be_read_without_a_script(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site), java_script_enabled=False)
    assert names(page)[0] == "ase"
    assert not page.locator("#view").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readers_of_every_kind_can_use_it(browser: Browser, site: Path, scheme: str) -> None:
    for pattern in (
        "index.html",
        "claims.html",
        "boards/*.html",
        "compare/*.html",
        "entries/*/2-*",
    ):
        path = next(iter(site.glob(pattern)))
        page = opened(browser, path, color_scheme=scheme)
        found = Axe().run(page, options={"preload": False})  # it would ask for style sheets
        assert not found.response["violations"], (path, found.generate_report())
        page.context.close()


def test_nothing_sticks_out_on_a_phone(browser: Browser, site: Path) -> None:
    for path in sorted(site.rglob("*.html")):
        page = opened(browser, path, viewport={"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        page.context.close()


def test_a_wide_first_table_scrolls_by_itself(browser: Browser, tmp_path: Path) -> None:
    records = [
        record(outcomes_of(), spec(method, seed, f"track_of_the_longest_name_{number}@1"), score)
        for number in range(4)
        for method, score in (("lora", 0.70), ("smora", 0.75))
        for seed in range(2)
    ]
    front = stored(records, tmp_path) / "index.html"
    page = opened(browser, front, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.querySelector('.scroll').scrollWidth") > 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.context.close()


def test_a_phone_sees_one_column_per_track(browser: Browser, tmp_path: Path) -> None:
    at = Tuned(space="0" * 12, trials=4, number=1, values={}, trial=False)
    records = []
    for method, score in SCORES.items():
        for seed in range(2):
            own = spec(method, seed)
            records.append(record(outcomes_of(), own, score))
            if method in ("lora", "smora"):
                told = {"tuned": at, "recipe": own.recipe | {"learning_rate": 1e-3}}
                records.append(record(outcomes_of(), own.model_copy(update=told), score))
    front = stored(records, tmp_path) / "index.html"
    for width, columns in ((1280, ["tuned", "untuned"]), (360, ["tuned"])):
        page = opened(browser, front, viewport={"width": width, "height": 740})
        expect(page.locator(".overview thead a:visible")).to_have_text(
            [f"sentences@1, {name}" for name in columns]
        )
        expect(page.locator(".overview tbody tr:last-child td:visible")).to_have_count(len(columns))
        page.context.close()
