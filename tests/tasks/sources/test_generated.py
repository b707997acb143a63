"""What all generated tracks with a dial have in common: the same everywhere, and a sound dial."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest
from forging import RESULTS

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.text.baselines import bag_of_words
from seesaw.tasks.task import DataError

NAMES = ("sentences@1", "sentences@2", "stories@2")


def drawn(name: str, **options: object) -> list[Any]:
    """The data of a track, under other options than its own."""
    track = get_track(name)
    found: list[Any] = import_module(track.source).load(track.options | options)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_process_makes_the_same_examples(name: str) -> None:
    code = (
        "from importlib import import_module;from seesaw.tasks.catalogue import get_track;"
        f"track = get_track({name!r});"
        "print(*[d.sha256() for d in import_module(track.source).load(track.options)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "99"},
    )
    assert done.stdout.split() == [data.sha256() for data in drawn(name)]


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_makes_other_examples(name: str) -> None:
    both = zip(drawn(name), drawn(name, data_seed=1), strict=True)
    assert all(one.sha256() != other.sha256() for one, other in both)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("conflict", [1.5, -0.1, float("nan"), "high", None, True])
def test_conflict_out_of_range_is_an_error(name: str, conflict: object) -> None:
    with pytest.raises(DataError, match=rf"conflict is {conflict!r}; it must be in \[0, 1\]"):
        drawn(name, conflict=conflict)


@pytest.mark.parametrize("name", ["sentences@1", "sentences@2"])
def test_the_description_states_what_words_alone_are_worth(name: str) -> None:
    for data in drawn(name):
        score = 100 * bag_of_words(data)[data.task.metrics[0]]
        assert f"{data.task.name} {score:.0f}" in get_track(name).description


@pytest.mark.parametrize("name", ["sentences@1", "stories@1"])
def test_the_data_of_published_records_stays(name: str) -> None:
    record = json.loads(min(RESULTS.glob(f"{name}/*/lora/0-*.json")).read_text())
    assert record["spec"]["data_sha256"] == {d.task.name: d.sha256() for d in drawn(name)}
