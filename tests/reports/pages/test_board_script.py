"""What a reader may do with a board: filter, sort, turn the chart, link to a view, take it away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browsing import NEEDS_CHROMIUM, SCORES, board, names, opened, stored
from playwright.sync_api import Browser, Page, expect
from records import outcomes_of, record, spec

MANY = 1000
pytestmark = NEEDS_CHROMIUM


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


def test_a_cell_is_sorted_by_the_number_it_begins_with(browser: Browser, site: Path) -> None:
    cells = ["1,234 (1 to 2)", "\u22123.5", "+0.3 \u25b2", '<a href="9">ase</a>', ""]
    found = opened(browser, board(site)).evaluate("cells => cells.map(size)", cells)
    assert found == [1234, -3.5, 0.3, "ase", ""]


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
