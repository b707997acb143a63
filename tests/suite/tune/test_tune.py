"""Tuning through the command line, on a toy: as many trials for every entry, and the choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Seesaw, Toy

from seesaw.reports.boards import boards
from seesaw.suite.plan.request import RequestError, parse_method
from seesaw.suite.plan.space import Space, drawn
from seesaw.suite.records.record import Record
from seesaw.suite.records.schema import parse_record
from seesaw.suite.records.spec import Spec
from seesaw.suite.records.store import Store
from seesaw.suite.tune.trials import TuningError
from seesaw.tasks.catalogue import TrackError, get_track
from seesaw.tasks.track import Tuning

TUNING = "\n[tuning]\ntrials = 4\nlearning_rate = [1e-3, 1e-1]\n"


def tuned(toy: Toy, more: str = "") -> Toy:
    toy.path.write_text(toy.path.read_text() + TUNING + more)
    return toy


def call(toy: Toy, command: str, *arguments: object, fails: bool = False) -> str:
    _, *given = toy.arguments(*arguments)
    return Seesaw()(command, *given, fails=fails)


def answer(toy: Toy, *arguments: object) -> list[dict[str, Any]]:
    output = call(toy, "tune", *arguments, "--json")
    found: list[dict[str, Any]] = json.loads(output[output.index("[\n") :])
    return found


def records(toy: Toy) -> list[Record]:
    return Store(str(toy.runs)).scan().records


def test_points_are_the_same_for_all_and_begin_with_the_learning_rate(toy_track: Toy) -> None:
    space = Space(get_track(str(tuned(toy_track).path)))
    lora, ase = (list(space.points(parse_method(name))) for name in ("lora", "ase"))
    assert [own.number for own in lora] == [1, 2, 3, 4]
    rates = [own.values["learning_rate"] for own in lora]
    assert rates == [own.values["learning_rate"] for own in ase]
    assert all(1e-3 <= rate <= 1e-1 for rate in rates)
    assert [set(own.values) for own in ase] == 4 * [{"learning_rate", "mutual"}]
    fixed = list(space.points(parse_method("ase[mutual=0.01]")))
    assert [set(own.values) for own in fixed] == 4 * [{"learning_rate"}]


def test_a_draw_is_the_same_everywhere_and_spread_evenly() -> None:
    points = drawn(Tuning(trials=8, learning_rate=(1e-4, 1e-2)))
    assert points.shape == (8, 3)
    assert sorted((points[:, 0] * 8).astype(int)) == list(range(8))
    assert points[0].round(6).tolist() == [0.40995, 0.96412, 0.857655]


@pytest.mark.slow
def test_trials_are_scored_on_dev_alone_and_are_no_entry_of_a_board(toy_track: Toy) -> None:
    toy = tuned(toy_track)
    (lora, smora) = answer(toy, "lora", "smora")
    assert [own["entry"] for own in (lora, smora)] == ["lora", "smora"]
    found = records(toy)
    assert len(found) == 1 + 2 * 4
    for record in found:
        assert record.spec.is_trial
        assert record.steps == 2  # half of three, rounded
        assert record.trained_sha256 is None
        assert all(task.test == {} and task.constant == {} for task in record.tasks.values())
        outcomes = pd.read_parquet(toy.runs / f"{record.path}.parquet")
        assert set(outcomes["split"]) == {"dev"}
    assert boards(found) == []
    best = max(lora["gains"], key=lambda number: lora["gains"][number])
    assert str(lora["best"]["number"]) == best
    assert answer(toy, "lora", "smora") == [lora, smora]
    assert len(records(toy)) == 9  # nothing was done again


@pytest.mark.slow
def test_bench_tunes_runs_at_the_best_and_verifies(toy_track: Toy) -> None:
    toy = tuned(toy_track)
    one = toy.bench("lora", "molora", "--tuned", "--seeds", "0,1")
    plain = toy.bench("lora")
    assert len({run["conditions"] for run in one}) == 1
    assert one[0]["conditions"] != plain[0]["conditions"]
    own = [record for record in records(toy) if record.id in {run["id"] for run in one}]
    for record in own:
        assert record.spec.tuned is not None
        assert not record.spec.is_trial
        assert record.spec.recipe["learning_rate"] == record.spec.tuned.values["learning_rate"]
        assert record.steps == 3
    assert sorted(len(board.entries) for board in boards(records(toy))) == [1, 2]
    checked = json.loads(call_verify(toy))
    assert len(checked) == 1 + 2 * 4 + 4 + 1
    assert not any(checked.values()), checked


def call_verify(toy: Toy, fails: bool = False) -> str:
    output = Seesaw()("verify", "--store", toy.runs, *toy.where, "--json", fails=fails)
    return output[output.index("{\n") :]


@pytest.mark.slow
def test_a_forged_point_is_found(toy_track: Toy) -> None:
    toy = tuned(toy_track)
    answer(toy, "lora")
    path = next(toy.runs.rglob("*.json"))
    raw = json.loads(path.read_text())
    raw["spec"]["tuned"]["values"]["learning_rate"] = 0.05
    raw["spec"]["recipe"]["learning_rate"] = 0.05
    forged = parse_record(json.dumps(raw | {"id": Spec.model_validate(raw["spec"]).id}))
    assert isinstance(forged, Record)
    path.with_name(f"{forged.prefix}-1.json").write_text(forged.model_dump_json())
    path.with_suffix(".parquet").rename(path.with_name(f"{forged.prefix}-1.parquet"))
    path.unlink()
    assert "the track's space has" in call_verify(toy, fails=True)


@pytest.mark.slow
def test_trials_of_another_space_are_left_out_with_a_word(toy_track: Toy) -> None:
    toy = tuned(toy_track)
    answer(toy, "lora")
    toy.path.write_text(toy.path.read_text().replace("[1e-3, 1e-1]", "[2e-3, 1e-1]"))
    output = call(toy, "tune", "lora")
    assert "note: 5 trials on toy@1" in output
    assert "are of another search space and left out" in " ".join(output.split())
    assert len(records(toy)) == 10


def test_a_track_without_a_space_says_what_is_missing(toy_track: Toy) -> None:
    with pytest.raises(RequestError, match=r"toy@1 has no \[tuning\]"):
        call(toy_track, "tune", "lora")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("learning_rate = [1e-1, 1e-3]", "the first must be the lower"), ("share = 0.4", "share")],
)
def test_a_space_that_cannot_be_is_refused(toy_track: Toy, line: str, wrong: str) -> None:
    name = line.partition(" ")[0]
    text = TUNING.replace("learning_rate = [1e-3, 1e-1]", line) if name == "learning_rate" else ""
    toy_track.path.write_text(toy_track.path.read_text() + (text or TUNING + line))
    with pytest.raises(TrackError, match=wrong):
        get_track(str(toy_track.path))


@pytest.mark.slow
def test_where_every_trial_fails_nothing_is_chosen(toy_track: Toy, tmp_path: Path) -> None:
    toy = tuned(toy_track)
    toy.set(clip_norm="1e30")
    text = toy.path.read_text().replace("[1e-3, 1e-1]", "[1e29, 1e30]")
    toy.path.write_text(text)
    with pytest.raises(TuningError, match="no trial of lora ended well: loss is nan"):
        call(toy, "tune", "lora")
