"""Boards that are alike but for the dial of conflict, side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import outcomes_of, record, spec

from seesaw.reports.dial import conflict_of
from seesaw.reports.leaderboard import build
from seesaw.suite.records.store import Store
from seesaw.tasks.catalogue import dials


def test_a_slug_says_where_the_dial_is_or_the_track_does() -> None:
    known = dials()
    assert conflict_of("sentences@2-conflict0", known) == 0
    assert conflict_of("sentences@2-conflict0.25-view+price", known) == 0.25
    assert conflict_of("sentences@2", known) == conflict_of("sentences@2-view", known) == 0.7
    assert conflict_of("glue@2", known) is None
    assert conflict_of("nobody@1", known) is None


@pytest.fixture
def page(tmp_path: Path) -> str:
    store = Store(str(tmp_path / "results"))
    for dial, score in (("", 0.5), ("-conflict0", 0.75), ("-conflict1", 0.25)):
        for method in ("lora", "smora") if dial else ("lora", "mode"):
            for seed in (0, 1):
                own = spec(method, seed, f"sentences@2{dial}")
                own = own.model_copy(update={"data_sha256": {"a": "2" * 64, "b": "3" * 64}})
                value = score + 0.02 * seed
                store.add(record(outcomes_of(), own, value), {".parquet": outcomes_of()})
    scan = store.scan()
    build(scan.records, scan, tmp_path / "out", dials=dials())
    assert len(list((tmp_path / "out" / "figures").glob("*-conflict.svg"))) == 1
    return (tmp_path / "out" / "LEADERBOARD.md").read_text()


def test_entries_at_two_points_have_a_curve(page: str) -> None:
    section = page[page.index("## sentences@2 by conflict, 1,000 parameters") :]
    header, _, *rows = (line for line in section.splitlines() if line.startswith("|"))
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in (header, *rows)]
    assert cells[0] == ["entry", "conflict 0", "conflict 0.7", "conflict 1"]
    assert [row[0] for row in cells[1:]] == ["lora", "smora"]
    assert [cell.partition(" ")[0] for cell in cells[1][1:]] == ["76.0", "51.0", "26.0"]
    assert cells[2][2] == ""
