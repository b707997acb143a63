"""The store: nothing lost, nothing overwritten, nothing bad silently skipped."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
from pathlib import Path

import pytest
from records import outcomes_of, record, spec

from seesaw.suite.records.names import printable
from seesaw.suite.records.record import Record
from seesaw.suite.records.schema import RecordError, parse_record
from seesaw.suite.records.store import Store, StoreError


def stored(tmp_path: Path, **changes: object) -> tuple[Store, Record]:
    store = Store(str(tmp_path / "runs"))
    content = outcomes_of()
    return store, store.add(record(content, **changes), {".parquet": content})


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    store, written = stored(tmp_path)
    assert store.scan().records == [written]
    assert store.outcomes(written) == outcomes_of()
    assert store.finished(written.spec) == written
    base = tmp_path / "runs" / "sentences@1" / "1000" / "smora" / f"0-{written.id}-1"
    assert base.with_suffix(".json").is_file()
    assert base.with_suffix(".parquet").is_file()


def test_a_second_attempt_stands_beside_the_first(tmp_path: Path) -> None:
    store, first = stored(tmp_path)
    again = store.add(record(outcomes_of()), {".parquet": outcomes_of()})
    assert (first.attempt, again.attempt) == (1, 2)
    assert store.finished(first.spec) == again
    assert store.next_attempt(first.spec) == 3


def test_what_did_not_end_ok_is_not_finished(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    failed = store.add(record(None, status="failed", error="boom"))
    assert store.finished(failed.spec) is None
    assert store.next_attempt(failed.spec) == 2


def test_writers_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    writers = [
        threading.Thread(
            target=lambda: store.add(record(outcomes_of()), {".parquet": outcomes_of()})
        )
        for _ in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = store.scan().records
    assert sorted(r.attempt for r in found) == list(range(1, 9))
    assert all(store.outcomes(r) for r in found)
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ('{"schema_version": 1', "not JSON"),
        ("[1, 2]", "no schema_version"),
        ('{"name": "other"}', "no schema_version"),
        ('{"schema_version": 99}', "schema version 99 is newer than ours, 4"),
        ('{"schema_version": 1, "kind": "run"}', "Field required"),
    ],
)
def test_bad_files_are_named_and_the_rest_is_read(
    tmp_path: Path, content: str, reason: str
) -> None:
    store, written = stored(tmp_path)
    bad = tmp_path / "runs" / written.folder / "bad.json"
    bad.write_text(content)
    scan = store.scan()
    assert scan.records == [written]
    assert list(scan.damaged) == [str(bad)]
    assert reason in scan.damaged[str(bad)]


def test_a_damaged_attempt_keeps_its_number(tmp_path: Path) -> None:
    store, written = stored(tmp_path)
    (tmp_path / "runs" / f"{written.path}.json").write_text("gone")
    assert store.finished(written.spec) is None
    assert store.next_attempt(written.spec) == 2


def test_a_changed_spec_is_found_out(tmp_path: Path) -> None:
    store, written = stored(tmp_path)
    raw = json.loads((tmp_path / "runs" / f"{written.path}.json").read_text())
    raw["spec"]["recipe"]["steps"] = 9
    with pytest.raises(RecordError, match="is not the hash of its spec"):
        parse_record(json.dumps(raw))
    assert store.scan().records == [written]


def test_other_outcomes_are_found_out(tmp_path: Path) -> None:
    store, written = stored(tmp_path)
    path = tmp_path / "runs" / f"{written.path}.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="not the file its record was written with"):
        store.outcomes(written)
    path.unlink()
    with pytest.raises(StoreError, match="is missing"):
        store.outcomes(written)


def test_an_address_may_be_no_local_folder() -> None:
    store = Store("memory://seesaw-test")
    content = outcomes_of()
    first, second = (store.add(record(content), {".parquet": content}) for _ in range(2))
    assert [r.attempt for r in store.scan().records] == [first.attempt, second.attempt] == [1, 2]
    assert store.outcomes(second) == content


def test_identity_is_everything_but_hardware_and_the_attempt() -> None:
    one = record(None)
    assert one.model_copy(update={"attempt": 5}).id == one.id
    other = one.spec.model_copy(update={"seed": 1})
    assert other.id != one.spec.id
    assert one.spec.model_copy(update={"options": {"active": 4}}).variant == "smora+active=4"


def test_a_probe_leaves_nothing_and_says_what_cannot_be_written(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "runs"))
    store.probe(record(None))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    long = record(None, of=spec(track=f"{'x' * 300}@1"))
    with pytest.raises(StoreError, match=r"cannot write .*[Nn]ame too long"):
        store.probe(long)
    (tmp_path / "runs" / "other@1").write_text("in the folder's place")
    with pytest.raises(StoreError, match=r"cannot write .*other@1"):
        store.probe(record(None, of=spec(track="other@1")))


def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store, real = Store(str(tmp_path)), os.link
    calls = iter((real, full))
    monkeypatch.setattr("os.link", lambda *paths: next(calls)(*paths))
    with pytest.raises(StoreError, match=os.strerror(errno.ENOSPC)):
        store.add(record(outcomes_of()), {".parquet": outcomes_of()})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_weights_are_those_the_run_left(tmp_path: Path) -> None:
    store, content = Store(str(tmp_path)), b"weights"
    of = record(outcomes_of(), trained_sha256=hashlib.sha256(content).hexdigest())
    own = store.add(of, {".parquet": outcomes_of(), ".safetensors": content})
    assert store.weights(own) == content
    (tmp_path / f"{own.path}.safetensors").write_bytes(b"others")
    with pytest.raises(StoreError, match="not the file its record was written with"):
        store.weights(own)


def test_a_record_is_found_by_name_or_path(tmp_path: Path) -> None:
    store, written = stored(tmp_path)
    own = tmp_path / "runs" / f"{written.path}.json"
    for name in (own.name, own.stem, written.path, str(own)):
        assert store.find(name) == written
    with pytest.raises(StoreError, match="no record 0-0-1"):
        store.find("0-0-1")
    own.write_text("{")
    with pytest.raises(StoreError, match="not JSON"):
        store.find(own.name)


def test_what_acts_on_a_terminal_is_shown_instead() -> None:
    assert printable("a\x1b[2J\r\nb\u202e\ud800") == r"a\x1b[2J\r\nb\u202e\ud800"
    assert printable("Größe 3 µm, 数") == "Größe 3 µm, 数"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("track", "sentences"),
        ("track", "sentences@1-a/b"),
        ("tasks", ["a", "b|c"]),
        ("method", "smo ra"),
        ("options", {"a b": 1}),
        ("options", {"score": "x=y"}),
        ("options", {"score": ["x"]}),
        ("weights_sha256", "1" * 63),
        ("seed", -1),
        ("budget", 0),
    ],
)
def test_names_that_are_no_names_are_refused(field: str, value: object) -> None:
    raw = json.loads(record(None).model_dump_json())
    raw["spec"][field] = value
    with pytest.raises(RecordError, match=field):
        parse_record(json.dumps(raw))
