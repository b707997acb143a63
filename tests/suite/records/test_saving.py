"""Where runs cannot be saved: said before training, and what was trained is not lost."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw, Toy
from hostile import hostile
from records import outcomes_of, record

from seesaw.suite.records.store import Store


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Filled as soon as the method `hostile` trains."""
    calls: list[object] = []

    def act(layer: object) -> None:
        calls.append(layer)

    hostile(monkeypatch, act)
    return calls


@pytest.mark.parametrize(
    "runs", ["file", "/proc/runs", "/sys/runs"], ids=["a file", "no folder", "read-only"]
)
def test_a_store_that_cannot_be_written_is_said_before_training(
    toy_track: Toy, trained: list[object], runs: str
) -> None:
    (toy_track.folder / "file").write_text("in the store's place")
    with pytest.raises(ValueError, match=runs) as caught:
        toy_track.bench("hostile", "--runs", runs)
    assert "\n" not in str(caught.value)
    assert trained == []


def test_a_folder_that_cannot_be_made_is_said_before_training(
    toy_track: Toy, trained: list[object]
) -> None:
    folder = toy_track.runs / "toy@1-topic+similarity"
    toy_track.runs.mkdir()
    folder.write_text("in the folder's place")
    with pytest.raises(ValueError, match=re.escape(folder.name)):
        toy_track.bench("hostile")
    assert trained == []


def test_a_name_too_long_is_said_before_training(toy_track: Toy, trained: list[object]) -> None:
    toy_track.set(name=f'"{"x" * 300}"')
    with pytest.raises(ValueError, match="name"):
        toy_track.bench("hostile")
    assert trained == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK])
def test_where_links_are_refused_records_are_stored_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.link", refuse)
    store = Store(str(tmp_path))
    added = [store.add(record(outcomes_of()), {".parquet": outcomes_of()}) for _ in range(2)]
    assert [own.attempt for own in added] == [1, 2], "what is there is not written over"
    assert store.scan().records == added
    assert all(store.outcomes(own) for own in added)
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_full_disk_keeps_the_result_and_goes_on(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch, trained: list[object]
) -> None:
    """The disk is full for one run, between its training and the next run's."""
    real = os.fsync

    def sync(file: Any) -> None:
        path = os.readlink(f"/proc/self/fd/{file if isinstance(file, int) else file.fileno()}")
        if trained and path.startswith(str(toy_track.runs)) and "/hostile/" in path:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        real(file)

    monkeypatch.setattr("os.fsync", sync)
    output = Seesaw()(*toy_track.arguments("hostile", "lora"), fails=True)
    assert os.strerror(errno.ENOSPC) in output
    assert [own.spec.method for own in Store(str(toy_track.runs)).scan().records] == ["lora"]
    assert "lora seed 0: ok" in output
    kept = [path for path in map(Path, re.findall(r"[\w./@+-]+", output)) if keeps_a_run(path)]
    assert kept
    assert not any(path.is_relative_to(toy_track.runs) for path in kept)


def keeps_a_run(path: Path) -> bool:
    """Whether a path that was printed is that of a record of `hostile`, or of its folder."""
    if not path.is_absolute() or len(path.parts) < 3 or not path.exists():
        return False
    files = [path] if path.is_file() else list(path.glob("*.json"))
    return any('"method": "hostile"' in file.read_text(errors="replace") for file in files)
