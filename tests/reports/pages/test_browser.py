"""The site in a real browser: filters, sorting, links that restore a view, and good manners."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from records import outcomes_of, record, spec

from seesaw.reports.leaderboard import build
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned
from seesaw.suite.records.store import Store

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SCORES = {
    "lora": 0.70,
    "smora": 0.75,
    "ase": 0.76,
    "molora_uniform": 0.715,
    "head_only": 0.30,
    "more": 0.73,
    "lora_per_task_full": 0.80,
}
MANY = 1000
COMPLAINTS: list[str] = []
"""Errors of scripts and requests to a network, of the present test."""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; apt-get install chromium"),
]


def stored(records: list[Record], folder: Path) -> Path:
    """The folder of the site of some records."""
    store = Store(str(folder / "results"))
    for own in records:
        store.add(own, {".parquet": outcomes_of()})
    scan = store.scan()
    build(scan.records, scan, folder / "reports", results=store.address)
    return folder / "reports" / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = []
    for method, score in SCORES.items():
        told = method in ("more", "lora_per_task_full")
        for seed in range(5 if method in ("lora", "smora") else 3):
            of = spec(method, seed)
            wobble = 0.01 * ((seed * 7 + len(method)) % 5)
            found.append(record(outcomes_of(), of, score + wobble, told_task=told))
    return stored(found, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def nothing_to_complain_of() -> Iterator[None]:
    """No page may report an error or ask a network for anything."""
    COMPLAINTS.clear()
    yield
    assert not COMPLAINTS


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


def test_filters_hold_for_tables_and_chart(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    assert len(names(page)) + len(names(page, 3)) == len(SCORES)
    page.get_by_label("Name").fill("mora")
    shows(page, ["smora"])
    expect(page.locator("#told")).to_have_text("1 of 7 entries")
    page.wait_for_function(
        "document.querySelectorAll('#chart .mark-text.role-mark text').length == 1"
    )
    page.get_by_label("Name").fill("")
    page.get_by_label("without controls").check()
    assert "head_only" not in names(page)
    page.get_by_label("only with 5 seeds").check()
    assert sorted(names(page)) == ["lora", "smora"]
    page.get_by_label("only with 5 seeds").uncheck()
    page.get_by_label("Gate").select_option("told the task")
    assert page.locator("table.entries tbody tr[data-entry]:visible").count() == 2 * 2 + 1


def shows(page: Page, entries: list[str], table: int = 0) -> None:
    """Wait until a table shows these, in this order."""
    rows = page.locator("table.entries").nth(table).locator("tbody tr th")
    expect(rows).to_have_text(entries)


def test_columns_sort_by_size_with_mouse_and_keyboard(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    best = names(page)
    assert best[0] == "ase"
    heading = page.locator("table.entries").first.get_by_role("columnheader", name="average")
    heading.click()
    shows(page, best[::-1])
    heading.get_by_role("button").press("Enter")
    shows(page, best)
    entry = page.locator("table.entries").nth(1).get_by_role("columnheader", name="entry")
    entry.click()
    shows(page, sorted(best), 1)
    # trivial answers stay below, however entries are sorted
    below = page.locator("table.entries").nth(1).locator("tfoot th")
    expect(below).to_have_text(["bag of words", "constant answer"])


def test_a_link_restores_the_whole_view(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    page.get_by_label("without controls").check()
    page.locator("table.entries").first.get_by_role("columnheader", name="average").click()
    page.get_by_role("button", name="Columns").first.click()
    page.locator("button.buttons-columnVisibility", has_text="detectable").click()
    page.keyboard.press("Escape")
    page.locator("select[name=x]").select_option("training operations per example")
    page.get_by_label("logarithmic").check()
    expected = names(page)
    link = page.url.partition("#")[2]
    again = opened(browser, board(site), f"#{link}")
    assert names(again) == expected
    titles = again.locator("table.entries").first.locator("thead th:visible").all_inner_texts()
    assert "detectable" not in titles
    assert again.get_by_label("without controls").is_checked()
    assert again.get_by_label("logarithmic").is_checked()
    drawn = again.locator("#chart svg.marks").text_content()
    assert drawn is not None
    assert "training operations per example" in drawn
    assert again.url.partition("#")[2] == link


@pytest.mark.parametrize(
    "link", ["x=nothing&sort=9.9.up&hide=7.1", "sort=a.b.c", "q=<b>", "hide=-1"]
)
def test_a_link_that_means_nothing_shows_the_board(browser: Browser, site: Path, link: str) -> None:
    assert names(opened(browser, board(site), f"#{link}"))[0] == "ase"


def test_the_chart_turns_its_axes(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    page.locator("select[name=y]").select_option("a, accuracy")
    page.wait_for_function(
        "document.querySelector('#chart svg.marks').textContent.includes('a, accuracy')"
    )
    assert page.locator("#chart .mark-symbol.role-mark path").count() == len(SCORES)


def test_who_types_fast_gets_one_chart_of_the_last_word(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    page.evaluate(
        """() => { const find = document.querySelector('[name=find]');
        for (const text of ['a', 'as', 'l', 'mo', 'mor', 'more']) {
            find.value = text; find.dispatchEvent(new Event('input', { bubbles: true })); } }"""
    )
    page.wait_for_function(
        "document.querySelectorAll('#chart .mark-symbol.role-mark path').length === 1"
    )
    page.evaluate("drawing.then(() => null)")  # all that was asked for is done
    assert page.locator("#chart svg.marks").count() == 1
    assert page.locator("#chart .mark-symbol.role-mark path").count() == 1


def test_what_is_shown_can_be_taken_away(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    page.get_by_label("Name").fill("lora")
    found = {}
    for kind in ("CSV", "LaTeX"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind).first.click()
        found[kind] = download.value.path().read_text()
    assert [line.split(",")[0].strip('"') for line in found["CSV"].splitlines()] == [
        "entry",
        "molora_uniform",
        "lora",
    ]
    assert "molora\\_uniform &" in found["LaTeX"]
    assert "ase" not in found["LaTeX"]
    assert found["LaTeX"].count("\\\\\n") == 3


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


def test_every_number_leads_to_runs(browser: Browser, site: Path) -> None:
    page = opened(browser, board(site))
    row = page.locator("table.entries tbody tr", has=page.get_by_role("rowheader", name="smora"))
    for cell in row.locator("td").all():
        cell.hover()
        assert cell.locator("a").count() == bool(cell.inner_text().strip())
    assert page.locator("tfoot td a, table.entries a a").count() == 0
    row.first.locator("td a").first.click()
    expect(page).to_have_url(re.compile(r"/\d+-smora\.html#runs$"))
    assert page.locator("#runs ~ .scroll").first.get_by_role("link", name="record").count() == 5


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


def test_a_cell_is_sorted_by_the_number_it_begins_with(browser: Browser, site: Path) -> None:
    cells = ["1,234 (1 to 2)", "\u22123.5", "+0.3 \u25b2", '<a href="9">ase</a>', ""]
    found = opened(browser, board(site)).evaluate("cells => cells.map(size)", cells)
    assert found == [1234, -3.5, 0.3, "ase", ""]


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
        record(outcomes_of(), spec(method, seed, f"track-of-a-long-name-{number}@1"), score)
        for number in range(6)
        for method, score in SCORES.items()
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


def test_a_board_of_a_thousand_entries_is_quick(browser: Browser, tmp_path: Path) -> None:
    records = []
    for number in range(MANY):
        of = spec("smora", 0).model_copy(update={"options": {"experts": str(number)}})
        records.append(record(outcomes_of(), of, 0.5 + number / (3 * MANY)))
    site = stored([*records, record(outcomes_of(), spec("lora"), 0.6)], tmp_path)
    page = opened(browser, board(site))
    painted, sorted_in = page.evaluate(
        """() => { const paint = performance.getEntriesByName('first-contentful-paint')[0];
        const began = performance.now(); tables[0].order([[1, 'asc']]).draw();
        document.body.offsetHeight; return [paint.startTime, performance.now() - began]; }"""
    )
    print(f"{MANY:,} entries: first view after {painted:.0f} ms, sorted in {sorted_in:.0f} ms")
    assert len(names(page)) == MANY + 1
