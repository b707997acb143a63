"""The frame of a store agrees with the boards that are made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from records import record, spec

import seesaw
from seesaw.suite.records.store import Store, StoreError

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_averages_are_those_of_the_leaderboard() -> None:
    frame = seesaw.results(str(ROOT / "results"))
    points = frame[frame.unit == "points"]
    compared = 0
    for board in json.loads((ROOT / "reports" / "boards.json").read_text()):
        for entry in board["entries"]:
            own = points[points.path.isin(entry["records"])]
            if entry["overall"] and not entry["diverged"]:
                mean = own.groupby("path").score.mean().mean()
                assert mean == pytest.approx(entry["overall"]["mean"], abs=1e-3), entry["name"]
                compared += 1
    assert compared > 20


def test_a_row_leads_to_its_record() -> None:
    frame = seesaw.results(str(ROOT / "results"))
    row = frame[(frame.track == "sentences@1") & (frame.method == "moelora")].iloc[0]
    record = seesaw.load_record(row.path, str(ROOT / "results"))
    assert (record.id, record.spec.seed) == (row.record, row.seed)
    assert record.scores()[row.task] == row.score
    assert record.tasks[row.task].primary == row.metric


def test_runs_that_did_not_end_well_are_left_out(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.add(record(None, spec(seed=0)))
    store.add(record(None, spec(seed=1), status="failed"))
    assert set(seesaw.results(str(tmp_path)).seed) == {0}


def test_a_run_that_was_done_again_counts_once() -> None:
    frame = seesaw.results(str(ROOT / "results"))
    assert not frame.duplicated(["record", "task"]).any()


def test_without_a_store_the_address_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there are no records at .*nothing"):
        seesaw.results(str(tmp_path / "nothing"))
