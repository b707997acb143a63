"""What `verify` and `publish` say of calibrations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw
from records import PROVENANCE, calibration, outcomes_of, record, spec

from seesaw.suite.audit.calibration import calibration_problems
from seesaw.suite.records.calibration import Calibration
from seesaw.suite.records.store import Store

SCORES = [{"a": 75.0, "b": 75.0}] * 3
OWN = calibration({"lora": SCORES, "routed": SCORES, "heads": SCORES})
TWIN = record(None, spec("lora", 1))
Raw = dict[str, Any]


def test_one_as_it_was_made_is_as_it_says() -> None:
    assert calibration_problems(OWN, [TWIN]) == []


def first(field: str, value: object) -> Callable[[Raw], None]:
    """Another value in the first run."""
    return lambda raw: raw["runs"][0].update({field: value})


def task(field: str, value: object) -> Callable[[Raw], None]:
    return lambda raw: raw["tasks"]["a"].update({field: value})


def doubles_a_run(raw: Raw) -> None:
    raw["runs"].append(raw["runs"][0])


def has_one_run_of_lora(raw: Raw) -> None:
    raw["runs"] = [r for r in raw["runs"] if r["condition"] != "lora" or r["seed"] == 0]


def scores_otherwise(raw: Raw) -> None:
    raw["runs"][1]["scores"]["b"] += 1e-3


def is_of_another_seed(raw: Raw) -> None:
    raw["runs"][1]["seed"] = 7


FORGERIES: dict[str, tuple[Callable[[Raw], None], str]] = {
    "beyond all points": (first("scores", {"a": 175.0, "b": 75.0}), "a is 175.0, out of the range"),
    "a task is missing": (first("scores", {"a": 75.0}), "scores are of a; they must be of a, b"),
    "failed and scored": (first("status", "diverged"), "it must have an error and no scores"),
    "without an id": (first("id", None), "it must have an id and no error"),
    "another method": (first("method", "smora"), "lora seed 0: method is smora, it must be lora"),
    "no commit": (first("git_commit", "HEAD"), "git_commit is HEAD; it must be 40 hex digits"),
    "twice": (doubles_a_run, "lora seed 0 is there 2 times"),
    "too few": (has_one_run_of_lora, "1 runs of lora ended ok; there must be 2 or more"),
    "constant": (task("constant", 101.0), "constant is 101.0, out of the range of points"),
    "other scores": (scores_otherwise, "lora seed 1: b is 75.001, but 75.0 in sentences@1/1000"),
    "other seed": (is_of_another_seed, "lora seed 7: seed is 7, but 1 in sentences@1/1000"),
    "other test set": (task("n", 400), "a: n is 400, but 4 in sentences@1/1000/lora"),
    "other constant": (task("constant", 51.0), "a: constant is 51.0, but 50.0 in sentences@1"),
    "no square": (lambda raw: raw["item_covariance"].pop(), "item_covariance is not 2 x 2"),
    "no covariance": (
        lambda raw: raw.update(item_covariance=[[1.0, 9.0], [9.0, 1.0]]),
        "item_covariance is no covariance",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_what_cannot_be_is_named(name: str) -> None:
    forge, said = FORGERIES[name]
    raw = OWN.model_dump(mode="json")
    forge(raw)
    assert said in " | ".join(calibration_problems(Calibration.model_validate(raw), [TWIN]))


def test_one_attempt_that_agrees_is_enough() -> None:
    other = record(None, spec("lora", 1), 0.5, attempt=2)
    assert calibration_problems(OWN, [TWIN, other]) == []
    assert calibration_problems(OWN, [other])


def test_verify_and_leaderboard_set_a_wrong_one_aside(seesaw: Seesaw, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "results"))
    raw = OWN.model_dump(mode="json")
    scores_otherwise(raw)
    store.add(record(outcomes_of(), spec("lora", 1)), {".parquet": outcomes_of()})
    good, bad = store.add(OWN), store.add(Calibration.model_validate(raw))
    found = json.loads(seesaw("verify", f"{bad.path}.json", "--json", fails=True))
    assert list(found) == [bad.path]
    assert "b is 75.001" in found[bad.path][0]
    assert json.loads(seesaw("verify", f"{good.path}.json", "--json")) == {good.path: []}
    seesaw("leaderboard")
    assert (
        "sentences@1, 1,000 parameters, smora" in (tmp_path / "reports/CALIBRATION.md").read_text()
    )


def test_a_file_that_is_none_is_named(seesaw: Seesaw, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "results"))
    path = tmp_path / "results" / f"{store.add(OWN).path}.json"
    raw = json.loads(path.read_text())
    del raw["runs"][0]["status"]
    path.write_text(json.dumps(raw))
    (problem,) = json.loads(seesaw("verify", "--json", fails=True)).values()
    assert "runs.0.status" in problem[0]


def test_publish_takes_the_newest_of_clean_commits_once(seesaw: Seesaw, tmp_path: Path) -> None:
    runs, results = (Store(str(tmp_path / name)) for name in ("runs", "results"))
    dirty = PROVENANCE.model_copy(update={"dirty": True})
    runs.add(OWN.model_copy(update={"provenance": dirty}))
    (refused,) = json.loads(seesaw("publish", "--json"))["refused"].values()
    assert refused == "made from a tree that is not a clean commit"
    new = runs.add(OWN)
    assert json.loads(seesaw("publish", "--json"))["published"] == [f"{OWN.folder}/smora-1"]
    answer = json.loads(seesaw("publish", "--json"))
    assert answer == {"published": [], "refused": {new.path: "it is published already"}}
    assert [own.attempt for own in results.scan().calibrations] == [1]


def test_publish_takes_none_that_published_records_contradict(
    seesaw: Seesaw, tmp_path: Path
) -> None:
    runs, results = (Store(str(tmp_path / name)) for name in ("runs", "results"))
    results.add(record(outcomes_of(), spec("lora", 1), 0.5), {".parquet": outcomes_of()})
    own = runs.add(OWN)
    answer = json.loads(seesaw("publish", "--json"))
    assert "lora seed 1: a is 75.0, but 50.0" in answer["refused"][own.path]
    assert results.scan().calibrations == []
