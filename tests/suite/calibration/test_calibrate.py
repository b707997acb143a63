"""Calibrations of a toy through the command line, from runs to the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw, Toy, toy
from hostile import hostile
from torch import Tensor

from seesaw.methods import get_method
from seesaw.methods.core.gated import Gated
from seesaw.suite.audit.calibration import calibration_problems
from seesaw.suite.calibration.calibrate import CalibrationError
from seesaw.suite.plan.request import RequestError
from seesaw.suite.records.calibration import Condition
from seesaw.suite.records.store import Store
from seesaw.tasks.catalogue import UnknownTrack

PAIR = ("acceptability", "sentiment")
"""Tasks that the dial `conflict` sets against each other."""


def calibrate(own: Toy, *arguments: object, fails: bool = False, track: object = "") -> str:
    stores = ("--runs", own.runs, "--results", own.results, "--threads", 1)
    where = (track or own.path, "--weights", own.weights, "--tasks", ",".join(PAIR))
    return Seesaw()("calibrate", *where, *stores, *arguments, fails=fails)


def answer(own: Toy, *arguments: object, fails: bool = False) -> dict[str, Any]:
    output = calibrate(own, *arguments, "--json", fails=fails)
    found: dict[str, Any] = json.loads(output[output.index("{\n") :])
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, toy_weights: Path) -> tuple[Toy, dict[str, Any]]:
    """A calibration that was begun in parts, and beside a run of bench."""
    own = toy(tmp_path_factory.mktemp("calibrated"), toy_weights)
    own.bench("lora", "--tasks", ",".join(PAIR), "--seeds", "0")
    part = answer(own, "--only", "lora,heads")
    assert part["path"] is None
    assert part["average"]["routed"] is None
    assert [sensitivity["name"] for sensitivity in part["sensitivities"]] == ["heads only"]
    assert Store(str(own.runs)).scan().calibrations == []
    return own, answer(own)


@pytest.mark.slow
def test_every_run_is_done_once_and_one_of_bench_is_one_of_them(
    done: tuple[Toy, dict[str, Any]],
) -> None:
    own, found = done
    scan = Store(str(own.runs)).scan()
    (calibration,) = scan.calibrations
    assert (scan.damaged, found["path"]) == ({}, calibration.path)
    counts = {c: len(calibration.of(c)) for c in ("lora", "routed", "eighth", "heads", "tenth")}
    assert counts == {"lora": 5, "routed": 5, "eighth": 5, "heads": 3, "tenth": 3}
    assert set(calibration.of("conflict0")) == set(calibration.of("conflict1")) == {0, 1, 2}
    assert {record.attempt for record in scan.records} == {1}
    assert {r.id for r in scan.records} == {run.id for run in calibration.runs}
    by_id = {record.id: record for record in scan.records}
    for run in calibration.runs:
        assert run.scores == by_id[str(run.id)].scores()
    assert by_id[str(calibration.of("tenth")[0].id)].steps == 1
    assert by_id[str(calibration.of("eighth")[0].id)].spec.budget == 1_600
    assert by_id[str(calibration.of("heads")[0].id)].spec.method == "head_only"
    data = [
        by_id[str(calibration.of(c)[0].id)].spec.data_sha256
        for c in ("lora", "conflict0", "conflict1")
    ]
    assert data[0] != data[1] != data[2] != data[0]


@pytest.mark.slow
def test_asked_again_it_trains_nothing_and_stores_nothing(
    done: tuple[Toy, dict[str, Any]],
) -> None:
    own, found = done
    before = sorted(own.runs.rglob("*.json"))
    assert answer(own) == found
    assert sorted(own.runs.rglob("*.json")) == before
    output = calibrate(own)
    assert "what moves a score" in output
    assert f"It is stored as {own.runs}/{found['path']}.json" in output
    assert "sees conflict 1 against 0" in output


@pytest.mark.slow
def test_what_is_trained_with_another_recipe_is_never_published_and_a_turned_dial_is(
    done: tuple[Toy, dict[str, Any]],
) -> None:
    own, found = done
    checked = json.loads(Seesaw()("verify", "--store", own.runs, *own.where, "--json", fails=True))
    assert checked[found["path"]] == []
    scan = Store(str(own.runs)).scan()
    (calibration,) = scan.calibrations
    paths = {record.id: record.path for record in scan.records}
    for run in calibration.of("tenth").values():
        assert "recipe: steps is 1, it must be 3" in checked[paths[str(run.id)]]
    dialled: tuple[Condition, ...] = ("conflict0", "conflict1")
    for condition in dialled:
        for run in calibration.of(condition).values():
            said = checked[paths[str(run.id)]]
            # so small a model answers alike on both
            assert [one for one in said if "its outcomes are those of" not in one] == []
            assert f"toy@1-{condition}-" in paths[str(run.id)]


@pytest.mark.slow
def test_a_diverged_run_is_named_and_the_rest_is_calibrated(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: dict[Gated, int] = {}

    def act(layer: Gated) -> Tensor | None:
        """The first layer of the first run holds no number."""
        if order.setdefault(layer, len(order)) == 0:
            layer.up.data.fill_(float("nan"))
        return None

    name = hostile(monkeypatch, act)
    monkeypatch.setattr(get_method(name), "routes_on", "token")
    found = answer(toy_track, "--method", name, "--seeds", 3, fails=True)
    (said,) = found["left_out"]
    assert said.startswith("routed (hostile) seed 0: diverged: loss is nan at step 1")
    (calibration,) = Store(str(toy_track.runs)).scan().calibrations
    assert set(calibration.of("routed")) == {1, 2}
    assert calibration_problems(calibration, []) == []


@pytest.mark.slow
def test_without_lora_there_is_no_calibration(toy_track: Toy) -> None:
    toy_track.set(learning_rate="1e30")
    with pytest.raises(CalibrationError, match=r"0 of 3 runs of lora .* seed 0 diverged: "):
        calibrate(toy_track, "--only", "lora", "--seeds", 3)


@pytest.mark.slow
def test_a_track_without_the_dial_has_three_sensitivities(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seesaw.suite.calibration import plan

    monkeypatch.setattr(plan, "CONFLICT", "no such option")
    found = answer(toy_track, "--seeds", "4-6")
    assert len(found["sensitivities"]) == 3
    (calibration,) = Store(str(toy_track.runs)).scan().calibrations
    assert {run.seed for run in calibration.runs} == {4, 5, 6}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seeds", "1"), "--seeds '1' is 1 of them; deviations need 3 or more"),
        (("--seeds", "0,7"), "is 2 of them"),
        (("--seeds", "some"), "'some' is not a seed"),
        (("--only", "lora,rooted"), "'rooted' is no part of this calibration; it has lora, routed"),
    ],
)
def test_bad_arguments(toy_track: Toy, arguments: tuple[str, ...], said: str) -> None:
    output = calibrate(toy_track, *arguments, fails=True)
    assert said in " ".join(output.replace("│", " ").split())
    assert not toy_track.runs.exists()


def test_unknown_tracks_several_and_methods_that_route_nothing(toy_track: Toy) -> None:
    with pytest.raises(UnknownTrack, match="did you mean: sentences"):
        calibrate(toy_track, track="sentence")
    assert "is not one track" in calibrate(toy_track, track="sentences,scenes", fails=True)
    with pytest.raises(RequestError, match="method is head_only, which routes nothing"):
        calibrate(toy_track, "--method", "head_only")
