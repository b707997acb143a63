"""Names and texts of records and tracks: none is a path out of a store, none is printed raw."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw, Toy
from forging import Forged, published
from records import record, spec

from seesaw.reports.pages.vendored import scripts
from seesaw.suite.records.schema import RecordError, parse_record
from seesaw.suite.records.spec import Spec
from seesaw.suite.records.store import Store, StoreError

LEAVING: dict[str, dict[str, Any]] = {
    "track": {"track": "../../escaped@1"},
    "part of a track": {"track": "sentences@1-../../../../../escaped"},
    "option": {"options": {"score": "x/../../../../../escaped"}},
    "method": {"method": "../../../../escaped"},
}
"""Fields of a spec whose values lead out of the store."""


@pytest.mark.parametrize("kind", LEAVING)
def test_the_store_writes_nothing_outside_itself(tmp_path: Path, kind: str) -> None:
    # a copy is not validated again, so that only the store is left to notice
    of = spec().model_copy(update=LEAVING[kind])
    folder = tmp_path / "deep" / "er" / "store"
    folder.mkdir(parents=True)
    with pytest.raises(StoreError, match="escaped"):
        Store(str(folder)).add(record(None, of=of))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", LEAVING)
def test_a_record_with_a_path_for_a_name_is_damaged(kind: str) -> None:
    of = spec().model_copy(update=LEAVING[kind])
    with pytest.raises(RecordError, match=next(iter(LEAVING[kind]))):
        parse_record(record(None, of=of).model_dump_json())


@pytest.mark.parametrize("kind", ["part of a track", "option"])
@pytest.mark.parametrize("command", ["publish", "leaderboard"])
def test_nothing_is_written_outside_by_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, command: str
) -> None:
    working, theirs = tmp_path / "a" / "b", tmp_path / "their" / "own" / "deep" / "runs"
    working.mkdir(parents=True)
    monkeypatch.chdir(working)
    store = theirs if command == "publish" else working / "results"
    own = published("lora")
    folder = store / Spec.model_validate(own.spec).folder
    own.spec.update(LEAVING[kind])
    of = Spec.model_construct(**own.spec)
    name = f"{of.prefix}-{own.raw['attempt']}"
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text(json.dumps(own.raw | {"id": of.id}))
    # whoever sends such a record puts its outcomes where its names lead
    os.makedirs(store / of.folder, exist_ok=True)
    assert own.content is not None
    (store / of.folder / f"{name}.parquet").write_bytes(own.content)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}

    stores = ("--runs", theirs) if command == "publish" else ()
    assert name in Seesaw()(command, *stores)
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert [path for path in made if not path.is_relative_to(working / "reports")] == []
    assert not [path for path in made if "escaped" in path.name]


@pytest.mark.parametrize("name", ["../escaped", "a/b", "", ".", "two\\nlines", "a@b"])
def test_a_track_file_has_a_name_and_no_path(toy_track: Toy, name: str) -> None:
    toy_track.set(name=f'"{name}"')
    with pytest.raises(ValueError, match=r"toy\.toml: name"):
        toy_track.bench("lora")
    assert not list(toy_track.folder.rglob("*.json"))


EVIL = "\x1b[2J[/bad]<script>alert(1)</script>|pipe\nROW"


def clean(text: str) -> bool:
    """Whether nothing in `text` acts on a terminal or adds a row."""
    rows = [line for line in text.splitlines() if line.lstrip(" |").startswith("ROW")]
    return "\x1b" not in text and not rows


def renames(own: Forged, old: str, part: str) -> None:
    """Another name for a key that stands at many places of a record."""
    own.raw = json.loads(json.dumps(own.raw).replace(json.dumps(old), json.dumps(part)))


EVIL_PARTS: dict[str, Callable[[Forged], object]] = {
    "option": lambda own: own.spec.update(options={"score": EVIL}),
    "config": lambda own: own.spec["config"].update({EVIL: 3}),
    "track": lambda own: own.spec.update(track=f"sentences@1-{EVIL}"),
    "task": lambda own: renames(own, "topic", EVIL),
    "metric": lambda own: renames(own, "accuracy", EVIL),
    "field": lambda own: own.raw.update({EVIL: 1}),
}


@pytest.mark.parametrize("part", EVIL_PARTS)
@pytest.mark.parametrize("command", ["verify", "publish", "leaderboard"])
def test_texts_of_a_record_do_not_act(
    seesaw: Seesaw, tmp_path: Path, part: str, command: str
) -> None:
    own = published("lora")
    EVIL_PARTS[part](own)
    name = own.write(tmp_path / ("runs" if command == "publish" else "results"))
    output = seesaw(command, fails=command == "verify")
    assert name in "".join(output.split())
    assert clean(output)
    for path in (tmp_path / "reports").rglob("*.*"):
        if path.name in scripts():
            continue  # the code of libraries, in which no record has a part
        assert clean(path.read_text())
        assert "<script>" not in path.read_text()


@pytest.mark.parametrize("command", ["verify", "publish", "leaderboard"])
def test_the_name_of_a_file_does_not_act(seesaw: Seesaw, tmp_path: Path, command: str) -> None:
    folder = tmp_path / ("runs" if command == "publish" else "results")
    folder.mkdir()
    (folder / "a\x1b[2J[bad]<script>|pipe\nROW.json").write_text("{")
    output = seesaw(command, fails=command == "verify")
    assert "<script>|pipe" in output
    assert clean(output)


def test_the_table_of_bench_shows_texts_as_they_are(toy_track: Toy) -> None:
    toy_track.bench("lora", "smora")
    own = Forged.of(next(toy_track.runs.rglob("smora/*.json")))
    EVIL_PARTS["option"](own)
    own.write(toy_track.results)
    assert clean(Seesaw()(*toy_track.arguments("lora")))


def test_the_machine_of_a_published_record_does_not_act(toy_track: Toy) -> None:
    toy_track.bench("lora")
    own = Forged.of(next(toy_track.runs.rglob("lora/*.json")))
    own.raw["provenance"]["machine"] = EVIL
    own.rescore(own.outcomes.assign(prediction=own.outcomes["target"]))
    own.write(toy_track.results)
    assert clean(Seesaw()(*toy_track.arguments("lora", "--force")))
