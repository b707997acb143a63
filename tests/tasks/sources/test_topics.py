"""Labelled texts in folders: splits, leaks, checks, and the real sets where they are at hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw, Toy, replaced

from seesaw.suite.records.store import Store
from seesaw.tasks.catalogue import get_track, track_file
from seesaw.tasks.sources.topics import load
from seesaw.tasks.task import DataError

TRACK = get_track("topics")


def write(place: Path, split: str, rows: Sequence[Any]) -> Path:
    """A split in the layout of the real sets."""
    path = place / f"{split}.jsonl.gz"
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(lines.encode()))
    return path


def texts(first: int, last: int) -> list[dict[str, Any]]:
    """Rows of three classes, with a field that nobody reads."""
    return [{"text_a": f"Text {n}", "label": n % 3, "fine": "x"} for n in range(first, last)]


@pytest.fixture
def trec(tmp_path: Path) -> Path:
    """A folder `data` with one set, which has no dev."""
    place = tmp_path / "data" / "trec"
    place.mkdir(parents=True)
    (place / "info.json").write_text(json.dumps({"labels": ["a", "b", "c"]}))
    write(place, "train", texts(0, 300))
    write(place, "test", texts(300, 330))
    return place


def test_dev_is_carved_out_of_train_where_there_is_none(trec: Path) -> None:
    slug, (data,) = TRACK.load_data(trec.parent)
    assert slug == "topics@1-local1"
    assert (data.task.name, data.task.n_classes) == ("trec", 3)
    assert [len(split) for split in (data.train, data.dev, data.test)] == [100, 200, 30]
    assert {e.text_a for e in (*data.train, *data.dev)} == {f"Text {n}" for n in range(300)}
    assert [e.label for e in data.test[:4]] == [0, 1, 2, 0]


def test_a_dev_that_is_there_is_taken(trec: Path) -> None:
    write(trec, "dev", texts(295, 299))
    _, (data,) = TRACK.load_data(trec.parent)
    assert [e.text_a for e in data.dev] == [f"Text {n}" for n in range(295, 299)]
    assert len(data.train) == 296  # what is in dev is not trained on
    write(trec, "dev", texts(310, 330))
    with pytest.raises(DataError, match="trec has no examples in dev; it has 300 in train, 0"):
        TRACK.load_data(trec.parent)


def test_what_is_tested_on_is_not_trained_on_in_another_case_either(trec: Path) -> None:
    again = {"text_a": " tExT  300", "label": 0}
    write(trec, "train", [*texts(0, 303), again, again])
    _, (data,) = TRACK.load_data(trec.parent)
    assert len(data.train) + len(data.dev) == 300
    assert len(data.test) == 30


def test_a_line_ends_at_its_end_alone(trec: Path) -> None:
    odd = {"text_a": "before\x85after\u2028and on", "label": 1}
    write(trec, "test", [odd, *texts(300, 330)])
    _, (data,) = TRACK.load_data(trec.parent)
    assert data.test[0].text_a == odd["text_a"]
    assert len(data.test) == 31


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"label": 1}, r"train\.jsonl\.gz row 1 has no field 'text_a'; it needs text_a, label"),
        ({"text_a": "x"}, r"row 1 has no field 'label'"),
        ({"text_a": ["x"], "label": 1}, r"row 1: text_a is \['x'\], not text"),
        ({"text_a": "x", "label": 3}, r"row 1: label is '3', not one of 0 \.\.\. 2"),
        ({"text_a": "x", "label": "b"}, r"row 1: label is 'b', not one of 0 \.\.\. 2"),
        ({"text_a": "x", "label": 0.5}, r"row 1: label is '0\.5', not one of"),
        ("x", r"row 1 is no object but 'x'"),
    ],
)
def test_bad_rows_are_named(trec: Path, row: object, message: str) -> None:
    write(trec, "train", [*texts(0, 1), row, *texts(2, 300)])
    with pytest.raises(DataError, match=message):
        TRACK.load_data(trec.parent)


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("{", r"info\.json cannot be read as JSON"),
        ("[]", r"info\.json: labels is None, not a list of two or more names"),
        ('{"labels": ["a"]}', r"labels is \['a'\], not a list of two or more"),
        ('{"labels": ["a", "a"]}', r"labels is \['a', 'a'\], not a list of two or more names"),
        ('{"labels": [0, 1]}', r"labels is \[0, 1\], not a list"),
    ],
)
def test_bad_names_of_classes_are_named(trec: Path, info: str, message: str) -> None:
    (trec / "info.json").write_text(info)
    with pytest.raises(DataError, match=message):
        TRACK.load_data(trec.parent)


def test_what_is_missing_or_damaged_is_named(trec: Path, tmp_path: Path) -> None:
    options = TRACK.options
    with pytest.raises(DataError, match="has a folder each of trec, subj, cr, agnews_10k: --data"):
        load(options, None)
    with pytest.raises(DataError, match="nowhere does not exist"):
        load(options, tmp_path / "nowhere")
    with pytest.raises(DataError, match="has none of the sets: trec, subj, cr, agnews_10k"):
        load(options, trec)
    packed = (trec / "test.jsonl.gz").read_bytes()
    (trec / "test.jsonl.gz").write_bytes(packed[:-12])
    with pytest.raises(DataError, match=r"test\.jsonl\.gz cannot be read: Compressed file ended"):
        load(options, trec.parent)
    (trec / "test.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match=r"test\.jsonl\.gz cannot be read: Not a gzipped file"):
        load(options, trec.parent)
    (trec / "test.jsonl.gz").unlink()
    with pytest.raises(DataError, match=r"test\.jsonl\.gz is missing"):
        load(options, trec.parent)
    (trec / "info.json").unlink()
    with pytest.raises(DataError, match=r"info\.json is missing; it lists the names"):
        load(options, trec.parent)


def test_a_run_on_a_tiny_encoder_can_be_verified(trec: Path, toy_track: Toy) -> None:
    text = track_file("topics").read_text().splitlines()
    kept = [line for line in text if not line.startswith(("packaged =", "sha256 ="))]
    toy_track.path.write_text("\n".join(kept))
    replaced(toy_track.path, name='"toy"', steps=3, batch_size=8, default=12_800)
    (run,) = toy_track.bench("lora", "--data", trec.parent, "--tasks", "trec")
    assert run["status"] == "ok", run["error"]
    (record,) = Store(str(toy_track.runs)).scan().records
    assert (record.spec.track, list(record.tasks)) == ("toy@1-local1", ["trec"])
    assert record.tasks["trec"].n == 30
    assert record.tasks["trec"].bag_of_words
    where = (*toy_track.where, "--data", trec.parent)
    assert "1 of 1" in Seesaw()("verify", "--store", toy_track.runs, *where)


def test_the_real_four_sets(shared_data: Path) -> None:
    slug, data = TRACK.load_data(shared_data / "text")
    assert slug == "topics@1-local4"
    assert tuple(d.task.name for d in data) == TRACK.tasks
    sizes = {d.task.name: [len(s) for s in (d.train, d.dev, d.test)] for d in data}
    assert sizes == {
        "trec": [5159, 272, 500],  # 11 rows are tested on, and 10 stand in dev as well
        "subj": [7994, 980, 1026],
        "cr": [3000, 371, 394],
        "agnews_10k": [9491, 500, 7600],  # ten rows are tested on
    }
    for own in data:
        tested = {e.text_a.casefold() for e in own.test}
        assert not any(e.text_a.casefold() in tested for e in (*own.train, *own.dev))
