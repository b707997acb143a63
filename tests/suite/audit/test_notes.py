"""What cannot be checked for want of data is said, and is no fault of the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Seesaw, Toy
from forging import RESULTS, Forged

SOURCE = """
from seesaw.tasks.task import Example, Task, TaskData

def load(options, folder=None):
    labels = [float(x) for x in (folder / "labels.txt").read_text()]
    rows = [Example(f"it is {n} of {label}", None, label) for n, label in enumerate(labels)]
    return [TaskData(Task("topic", 3), rows[:16], rows[16:20], rows[20:])]
"""


def local(track: str) -> Forged:
    """A published record on data that does not come with the suite."""
    return Forged.of(min(RESULTS.glob(f"{track}/*/lora/0-*.json")))


@pytest.mark.parametrize("track", ["glue@1-local6", "photos@1"])
def test_data_that_is_not_at_hand_is_a_note(seesaw: Seesaw, tmp_path: Path, track: str) -> None:
    local(track).write(tmp_path / "results")
    output = seesaw("verify")
    assert "1 of 1 records are as they say" in output
    assert "are not checked; name its data with --data (1 of the records)" in output


def test_without_data_the_rest_is_checked(seesaw: Seesaw, tmp_path: Path) -> None:
    own = local("glue@1-local6")
    own.raw["parameters"]["active"] += 1
    own.spec["track"] = "glue@1-local5"
    own.write(tmp_path / "results")
    output = seesaw("verify", fails=True)
    assert "active parameters" in output
    assert "it must be glue@1-local6" in output


def test_with_data_all_is_checked(toy_track: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    (toy_track.folder / "toy_source.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(toy_track.folder)
    toy_track.set(source='"toy_source"', tier='"local"', tasks='["topic"]')
    data = toy_track.folder / "data"
    data.mkdir()
    (data / "labels.txt").write_text("012" * 10)
    toy_track.bench("lora", "--tasks", "topic", "--data", data)
    own = Forged.of(next(toy_track.runs.rglob("*/*.json")))
    own.task["n"] += 1
    own.write(toy_track.results)

    verify = ("verify", "--store", toy_track.results, *toy_track.where)
    assert "1 of 1 records are as they say" in Seesaw()(*verify)
    output = Seesaw()(*verify, "--data", data, "--json", fails=True)
    (said,) = json.loads(output).values()
    assert said == ["topic: n is 11, it must be 10"]
    (data / "labels.txt").write_text("021" * 10)
    assert "data_sha256: topic is" in Seesaw()(*verify, "--data", data, fails=True)
