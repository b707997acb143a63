"""The published store as one frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import record, spec

import seesaw
from seesaw.suite.records.store import Store, StoreError


def test_the_published_records_are_a_frame() -> None:
    frame = seesaw.results("results")
    row = frame.iloc[0]
    found = seesaw.load_record(f"{row.seed}-{row.record}-1")
    assert row.score == found.scores()[row.task]
    assert row.track == found.spec.track
    assert not frame.duplicated(["record", "task"]).any()


def test_runs_that_did_not_end_well_are_left_out(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.add(record(None, spec(seed=0)))
    store.add(record(None, spec(seed=1), status="failed"))
    assert set(seesaw.results(str(tmp_path)).seed) == {0}


def test_no_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there are no records at"):
        seesaw.results(str(tmp_path / "nowhere"))
