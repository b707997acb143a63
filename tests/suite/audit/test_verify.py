"""What `verify`, `publish` and `leaderboard` take: records that hold against track and data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Seesaw, toy
from forging import Forged, problems, published


@dataclass(frozen=True)
class Genuine:
    """Runs as they were made: `run` of smora, one of lora, and one that fills a larger budget."""

    where: tuple[object, ...]
    run: Forged
    other: Forged
    large: Forged


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory, toy_weights: Path) -> Genuine:
    own = toy(tmp_path_factory.mktemp("genuine"), toy_weights)
    own.bench("smora", "lora")
    own.bench("smora", "--budget", "102400")
    found = [
        Forged.of(next(own.runs.glob(f"*/{folder}/*.json")))
        for folder in ("12800/smora", "12800/lora", "102400/smora")
    ]
    return Genuine(own.where, *found)


def test_a_run_as_it_was_made_verifies(genuine: Genuine, tmp_path: Path) -> None:
    names = {own.copy().write(tmp_path) for own in (genuine.run, genuine.other, genuine.large)}
    assert problems(tmp_path, *genuine.where, fails=False) == dict.fromkeys(names, "")


def test_a_budget_of_active_parameters_is_a_kind_of_its_own(
    toy_weights: Path, tmp_path: Path
) -> None:
    own = toy(tmp_path, toy_weights)
    own.bench("smora", "lora", "--budget", "12800", "--budget-kind", "active")
    active = Forged.of(next(own.runs.glob("*/12800-active/smora/*.json")))
    counts = active.raw["parameters"]
    assert 12544 <= counts["active"] <= 12832 < counts["adapter"]
    name = active.copy().write(tmp_path / "copy")
    assert problems(tmp_path / "copy", *own.where, fails=False) == {name: ""}
    active.spec["budget_kind"] = "total"
    name = active.write(tmp_path / "forged")
    said = problems(tmp_path / "forged", *own.where, fails=True)[name]
    assert "config for a budget of 12,800" in said


def adds_one(part: str) -> Callable[[Forged], None]:
    def forge(own: Forged) -> None:
        own.raw["parameters"][part] += 1

    return forge


def sets(part: str, **values: object) -> Callable[[Forged], None]:
    """Other values in one part of the record: `raw`, `spec`, `task`, or one within `raw`."""

    def forge(own: Forged) -> None:
        target = own.raw[part] if part in own.raw and part != "spec" else getattr(own, part)
        assert not values.items() <= target.items()
        target.update(values)

    return forge


def within(part: str, field: str, **values: object) -> Callable[[Forged], None]:
    def forge(own: Forged) -> None:
        getattr(own, part)[field] = getattr(own, part)[field] | values

    return forge


def drops_a_task(own: Forged) -> None:
    del own.raw["tasks"]["similarity"]


def answers_itself(own: Forged) -> None:
    """Predictions that are right by targets that are not the data's."""
    frame = own.outcomes
    targets = frame["prediction"].where(frame["task"] == "topic", frame["target"])
    own.rescore(frame.assign(target=targets))


def keeps_half(own: Forged) -> None:
    own.rescore(own.outcomes[~own.rows() | (own.outcomes["row"] < 6)])


def repeats_a_row(own: Forged) -> None:
    first = own.outcomes[own.rows()].iloc[:1]
    own.rescore(pd.concat([own.outcomes, *[first] * 5]))


def predicts(value: float) -> Callable[[Forged], None]:
    def forge(own: Forged) -> None:
        rows = own.rows() & (own.outcomes["row"] == 0)
        changed = own.outcomes["prediction"].mask(rows, value)
        if np.isnan(value):  # no metric takes it: the stored scores stay
            own.outcomes, own.content = own.outcomes.assign(prediction=changed), None
        else:
            own.rescore(own.outcomes.assign(prediction=changed))

    return forge


def renames_a_task(own: Forged) -> None:
    own.raw = json.loads(json.dumps(own.raw).replace('"topic"', '"topics"'))


def routes(field: str, value: float) -> Callable[[Forged], None]:
    def forge(own: Forged) -> None:
        statistics = next(iter(own.raw["routing"].values()))
        statistics[field] = [value, *statistics[field][1:]] if field == "load" else value

    return forge


def writes_no_parquet(own: Forged) -> None:
    own.content = b"PAR1 and nothing else"


def drops_a_column(own: Forged) -> None:
    own.outcomes, own.content = own.outcomes.drop(columns="target"), None


def renames_a_metric(own: Forged) -> None:
    for part in ("test", "dev", "constant", "bag_of_words"):
        own.task[part]["acuracy"] = own.task[part].pop("accuracy")
    own.task["primary"] = "acuracy"


FORGERIES: dict[str, tuple[str, Callable[[Forged], None]]] = {
    "adapter": ("adapter", adds_one("adapter")),
    "active": ("active", adds_one("active")),
    "head": ("head", adds_one("head")),
    "n": (r"topic.*\bn\b", sets("task", n=7)),
    "constant": ("topic.*constant", within("task", "constant", accuracy=0.125)),
    "bag of words": ("topic.*bag.of.words", within("task", "bag_of_words", accuracy=0.125)),
    "no bag of words": ("topic.*bag.of.words", sets("task", bag_of_words={})),
    "unit": ("topic.*unit", sets("task", unit="degrees")),
    "direction": ("topic.*lower_is_better", sets("task", lower_is_better=True)),
    "told task": ("told_task", sets("raw", told_task=True)),
    "routes on": ("routes_on", sets("raw", routes_on="none")),
    "passes": ("passes", sets("cost", passes=2)),
    "steps": ("steps", sets("raw", steps=2)),
    "examples": ("examples", sets("raw", examples=25)),
    "no commit": ("git_commit", sets("provenance", git_commit="the newest one")),
    "task left out": ("similarity", drops_a_task),
    "tasks emptied": ("tasks|topic", sets("raw", tasks={})),
    "NaN score": ("topic.*accuracy", within("task", "test", accuracy=float("nan"))),
    "own targets": ("target.*topic", answers_itself),
    "fewer rows": ("row.*topic", keeps_half),
    "repeated rows": ("row.*topic", repeats_a_row),
    "class out of range": ("prediction.*topic", predicts(17.0)),
    "NaN prediction": ("prediction.*topic", predicts(float("nan"))),
    "no Parquet": ("(?i)parquet", writes_no_parquet),
    "missing column": ("target", drops_a_column),
    "unknown metric": ("acuracy", renames_a_metric),
    "unknown config field": ("wheels", within("spec", "config", wheels=3)),
    "option that was not used": ("options|score", within("spec", "options", score="softmax")),
    "other recipe": ("recipe|learning_rate", within("spec", "recipe", learning_rate=0.5)),
    "other precision": ("precision", sets("spec", precision="bf16")),
    "other data": ("data_sha256", within("spec", "data_sha256", topic="f" * 64)),
    "other weights": ("weights_sha256", sets("spec", weights_sha256="f" * 64)),
    "no track's tasks": ("unknown task .topics", renames_a_task),
    "placement of a track of ours": ("placement", sets("spec", placement={"adapted": ".*"})),
    "learning rate factor": ("learning_rate_factor", sets("raw", learning_rate_factor=2.0)),
    "more steps in the curve": ("loss_curve", sets("raw", loss_curve=[[1, 2.0], [4, 1.0]])),
    "load over 1": ("routing.*load", routes("load", 1.5)),
    "more dead than there are": ("routing.*dead", routes("dead", 1.25)),
    "nobody knows if dirty": ("dirty", sets("provenance", dirty=None)),
    "no time": ("started", sets("provenance", started="yesterday")),
    "budget hardly filled": ("budget", sets("spec", budget=20_000)),
}
"""What is forged: how a problem must name it, and the forgery."""


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_record_is_named_with_its_field(
    genuine: Genuine, tmp_path: Path, name: str
) -> None:
    field, forge = FORGERIES[name]
    genuine.other.copy().write(tmp_path)
    own = genuine.run.copy()
    forge(own)
    forged = own.write(tmp_path)
    found = problems(tmp_path, *genuine.where, fails=True)
    assert re.search(field, found.pop(forged))
    assert list(found.values()) == [""], "the record beside it is as it says"


def test_a_record_far_over_its_budget_is_named(genuine: Genuine, tmp_path: Path) -> None:
    own = genuine.large.copy()
    own.spec["budget"] = 12_800
    forged = own.write(tmp_path)
    assert "budget" in problems(tmp_path, *genuine.where, fails=True)[forged]


def in_another_file(own: Genuine) -> Forged:
    copied = as_seed_7(own)
    copied.rescore(copied.outcomes.iloc[::-1])
    return copied


def as_seed_7(own: Genuine) -> Forged:
    copied = own.run.copy()
    copied.spec["seed"] = 7
    return copied


def with_outcomes_of_lora(own: Genuine) -> Forged:
    copied = own.run.copy()
    copied.rescore(own.other.outcomes)
    copied.content = own.other.content
    return copied


@pytest.mark.parametrize("copied", [as_seed_7, in_another_file, with_outcomes_of_lora])
def test_outcomes_of_another_record_are_named(
    genuine: Genuine, tmp_path: Path, copied: Callable[[Genuine], Forged]
) -> None:
    for own in (genuine.other,) if copied is with_outcomes_of_lora else (genuine.run,):
        own.copy().write(tmp_path)
    forged = copied(genuine).write(tmp_path)
    assert "outcomes" in problems(tmp_path, *genuine.where, fails=True)[forged]


PUBLISHED = {name: FORGERIES[name] for name in ("adapter", "n", "fewer rows", "no Parquet")}


@pytest.mark.parametrize("name", PUBLISHED)
def test_publish_refuses_a_forged_record(seesaw: Seesaw, tmp_path: Path, name: str) -> None:
    field, forge = PUBLISHED[name]
    own = published("lora")
    forge(own)
    forged, beside = own.write(tmp_path / "runs"), published("smora").write(tmp_path / "runs")
    answer = json.loads(seesaw("publish", "--json"))
    assert [Path(path).name for path in answer["published"]] == [beside]
    ((path, reason),) = answer["refused"].items()
    assert (Path(path).name, bool(re.search(field, reason))) == (forged, True)
    assert not list((tmp_path / "results").rglob(f"{forged}*"))


def test_publish_refuses_a_published_record_under_another_seed(
    seesaw: Seesaw, tmp_path: Path
) -> None:
    published("lora").write(tmp_path / "results")
    own = published("lora")
    own.spec["seed"] = 77
    forged = own.write(tmp_path / "runs")
    answer = json.loads(seesaw("publish", "--json"))
    assert answer["published"] == []
    ((path, reason),) = answer["refused"].items()
    assert Path(path).name == forged
    assert "outcomes" in reason


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_leaderboard_leaves_out_a_forged_record_and_names_it(
    seesaw: Seesaw, tmp_path: Path, name: str
) -> None:
    published("lora").write(tmp_path / "results")
    own = published("smora")
    PUBLISHED[name][1](own)
    forged = own.write(tmp_path / "results")
    assert forged in seesaw("leaderboard")
    page = (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    assert "| lora " in page
    assert "| smora " not in page
