"""Stores with files that nobody should have put there: each is named, and the rest still works."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw, Toy
from forging import problems, published
from records import outcomes_of, record, spec

from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store

pytestmark = pytest.mark.usefixtures("not_for_ever")


def good(store: Path) -> Record:
    """A record in `store`."""
    return Store(str(store)).add(record(outcomes_of()), {".parquet": outcomes_of()})


def versioned(version: object) -> Callable[[Path], None]:
    """Writes a record whose schema version is another one, all else being right."""

    def write(path: Path) -> None:
        raw = json.loads(record(None, of=spec(seed=3)).model_dump_json())
        path.write_text(json.dumps(raw | {"schema_version": version}))

    return write


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "broken link": (lambda path: path.symlink_to("nowhere"), "link"),
    "link to itself": (lambda path: path.symlink_to(path.name), "link"),
    "FIFO": (lambda path: os.mkfifo(path), "file"),
    "deep JSON": (lambda path: path.write_text("[" * 100_000), "JSON"),
    "deep pairs": (lambda path: path.write_text('{"a":' * 100_000), "JSON"),
    "version 0": (versioned(0), "schema.version"),
    "version -1": (versioned(-1), "schema.version"),
    "version false": (versioned(False), "schema.version"),
    "version true": (versioned(True), "schema.version"),
}
"""What is made at a path that ends in `.json`, and what the reason must speak of."""


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_named_and_the_rest_is_read(tmp_path: Path, kind: str) -> None:
    make, reason = BAD[kind]
    written = good(tmp_path)
    # the name is that of an attempt, so that only what is in the file is wrong
    name = f"3-{spec(seed=3).id}-1.json"
    make(tmp_path / written.folder / name)
    scan = Store(str(tmp_path)).scan()
    assert scan.records == [written]
    (said,) = [said for path, said in scan.damaged.items() if path.endswith(name)]
    assert reason.split(".")[0] in said


@pytest.mark.parametrize("kind", ["broken link", "link to itself", "deep JSON"])
@pytest.mark.parametrize(
    "command",
    [("verify", "--store", "results"), ("publish", "--runs", "results", "--results", "new"),
     ("leaderboard",)],
    ids=lambda command: command[0],
)  # fmt: skip
def test_commands_name_a_bad_file_and_go_on(
    seesaw: Seesaw, tmp_path: Path, kind: str, command: tuple[str, ...]
) -> None:
    published("lora").write(tmp_path / "results")
    BAD[kind][0](tmp_path / "results" / "bad.json")
    output = "".join(seesaw(*command, fails=command[0] == "verify").split())
    assert "bad.json" in output
    done = {
        "verify": lambda: "1of2records" in output,
        "publish": lambda: "1recordspublished" in output,
        "leaderboard": lambda: "| lora " in Path("reports/LEADERBOARD.md").read_text(),
    }
    assert done[command[0]]()


@pytest.mark.parametrize("place", ["runs", "results"])
def test_bench_goes_on_beside_bad_files(toy_track: Toy, place: str) -> None:
    toy_track.bench("lora")
    (made,) = toy_track.runs.rglob("*/*.json")
    folder = toy_track.folder / place / made.parent.relative_to(toy_track.runs)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{made.stem[:-1]}{number}.json" for number in range(2, 2 + len(BAD))]
    for name, (make, _) in zip(names, BAD.values(), strict=True):
        make(folder / name)
    zero, one = toy_track.bench("lora", "--seeds", "0,1")
    assert (zero["fresh"], one["fresh"], one["status"]) == (False, True, "ok")
    output = Seesaw()(*toy_track.arguments("lora"))
    assert place == "runs" or all(name in output for name in names)


def test_a_folder_that_links_back_is_not_entered(tmp_path: Path) -> None:
    written = good(tmp_path)
    (tmp_path / written.folder / "again").symlink_to(tmp_path, target_is_directory=True)
    assert Store(str(tmp_path)).scan().records == [written]


WRONG_NAMES = {
    "another seed": lambda own: f"{own.folder}/1-{own.id}-1",
    "another id": lambda own: f"{own.folder}/0-{'0' * 12}-1",
    "another attempt": lambda own: f"{own.folder}/0-{own.id}-2",
    "attempt ²": lambda own: f"{own.folder}/0-{own.id}-²",
    "a part more": lambda own: f"{own.folder}/0-{own.id}-²-1",
    "another folder": lambda own: f"{own.folder}/../lora/0-{own.id}-1",
}


@pytest.mark.parametrize("kind", WRONG_NAMES)
def test_a_record_under_a_wrong_name_is_damaged(tmp_path: Path, kind: str) -> None:
    store, written = Store(str(tmp_path)), good(tmp_path)
    path = (tmp_path / f"{WRONG_NAMES[kind](written)}.json").resolve()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((tmp_path / f"{written.path}.json").read_bytes())
    scan = store.scan()
    assert scan.records == [written]
    ((named, reason),) = scan.damaged.items()
    assert (Path(named), "name" in reason) == (path, True)
    assert store.attempts(written.spec) == [written]
    assert store.next_attempt(written.spec) == (3 if kind == "another attempt" else 2)


def test_another_seeds_record_is_not_the_answer(toy_track: Toy) -> None:
    zero, one = toy_track.bench("lora", "--seeds", "0,1")
    paths = [toy_track.runs / f"{run['path']}.json" for run in (zero, one)]
    paths[0].write_bytes(paths[1].read_bytes())
    (again,) = toy_track.bench("lora")
    assert (again["fresh"], again["id"]) == (True, zero["id"])
    assert "name" in problems(toy_track.runs, *toy_track.where, fails=True)[paths[0].stem]


@pytest.mark.parametrize(
    "ending", ["-9.json.0123456789abcdef.tmp", "-9.parquet", "-9.safetensors", "-9.webp"]
)
def test_leftovers_are_named(tmp_path: Path, ending: str) -> None:
    written = good(tmp_path)
    name = written.prefix + ending
    (tmp_path / written.folder / name).write_bytes(b"what a writer left")
    output = "".join(said_by("verify", "--store", tmp_path).split())
    assert name in output
    assert "leftover" in output


def test_old_leftovers_are_removed_and_records_stay(tmp_path: Path) -> None:
    written = good(tmp_path)
    old, young = (tmp_path / written.folder / f"{written.prefix}-{n}.parquet" for n in (8, 9))
    for path in (old, young):
        path.write_bytes(b"what a writer left")
    os.utime(old, (0, 0))
    assert "1 leftovers removed" in Seesaw()("clean", "--runs", tmp_path)
    assert (old.exists(), young.exists()) == (False, True)
    assert Store(str(tmp_path)).scan().records == [written]


def said_by(*arguments: object) -> str:
    """What a command prints, whatever its exit code."""
    try:
        return Seesaw()(*arguments)
    except AssertionError:
        return Seesaw()(*arguments, fails=True)


def test_one_record_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path))
    records = [store.add(record(None, of=spec(seed=seed))) for seed in range(4)]
    opened: list[str] = []

    def noted(path: Any, *arguments: Any, **named: Any) -> Any:
        opened.append(str(path))
        return real(path, *arguments, **named)

    real = open
    monkeypatch.setattr("builtins.open", noted)
    monkeypatch.setattr("io.open", noted)
    found = store.find(records[2].path.rpartition("/")[2])
    monkeypatch.undo()
    assert found == records[2]
    assert [path for path in opened if path.endswith(".json")] == [
        str(tmp_path / f"{found.path}.json")
    ]
