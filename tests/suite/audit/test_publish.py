"""From runs to published records: verified, from clean commits, beside their twins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Seesaw, Toy
from forging import Forged, problems

from seesaw.suite.records.store import Store

RESULTS = Path(__file__).parents[3] / "results"


def test_a_run_and_its_published_twin(toy_track: Toy) -> None:
    toy_track.bench("lora")
    assert "1 of 1 records are as they say" in Seesaw()(
        "verify", "--store", toy_track.runs, *toy_track.where
    )
    runs, published = Store(str(toy_track.runs)), Store(str(toy_track.results))
    (record,) = runs.scan().records
    published.add(record, runs.evidence(record))
    (again,) = toy_track.bench("lora", "--force")
    assert again["twin"] == "reproduced the published record bit for bit"
    assert "published" in Seesaw()(*toy_track.arguments("lora"))


def test_a_track_of_ones_own_is_published_with_its_file(toy_track: Toy) -> None:
    toy_track.bench("lora")
    Forged.of(next(toy_track.runs.rglob("*/*.json"))).write(toy_track.runs)  # of a clean commit
    stores = ("--runs", toy_track.runs, "--results", toy_track.results)
    assert "unknown track 'toy'" in Seesaw()("publish", *stores)
    assert "1 records published" in Seesaw()("publish", *stores, *toy_track.where)


def test_publish_takes_clean_verified_records_only(seesaw: Seesaw, tmp_path: Path) -> None:
    from records import outcomes_of, record, spec

    runs = Store(str(tmp_path / "runs"))
    dirty = record(outcomes_of()).provenance.model_copy(update={"dirty": True})
    runs.add(record(outcomes_of(), provenance=dirty), {".parquet": outcomes_of()})
    runs.add(record(None, of=spec(seed=1), status="failed", error="a disk was full"))
    runs.add(
        record(outcomes_of(), of=spec(seed=2, track="elsewhere@1")), {".parquet": outcomes_of()}
    )
    answer = json.loads(seesaw("publish", "--json"))
    assert answer["published"] == []
    reasons = " | ".join(sorted(answer["refused"].values()))
    assert "made from a tree that is not a clean commit" in reasons
    assert "status is failed" in reasons
    assert "unknown track 'elsewhere'" in reasons


def test_step_times_are_published_once_and_from_clean_commits(
    seesaw: Seesaw, tmp_path: Path
) -> None:
    from records import speed_record

    clean = speed_record()
    told = clean.provenance.model_copy(update={"dirty": True})
    runs = Store(str(tmp_path / "runs"))
    first, second = runs.add(clean), runs.add(speed_record("more", provenance=told))
    answer = json.loads(seesaw("publish", "--json"))
    assert answer["published"] == [first.path]
    assert "clean commit" in answer["refused"][second.path]
    answer = json.loads(seesaw("publish", "--json"))
    assert answer["published"] == []
    assert answer["refused"][first.path] == "it is published already"
    assert len(Store(str(tmp_path / "results")).scan().speed) == 1


def test_what_would_end_so_again_is_published_too(toy_track: Toy) -> None:
    toy_track.bench("lora", "--budget", "10", fails=True)
    toy_track.bench("lora", "--budget", "10", fails=True)
    (path,) = toy_track.runs.glob("*/10/lora/*.json")
    refused = Forged.of(path)
    assert refused.raw["status"] == "refused"
    assert "cannot fill a budget of 10 parameters" in refused.raw["error"]
    refused.write(toy_track.runs)
    toy_track.bench("lora")
    (made,) = toy_track.runs.glob("*/12800/lora/*.json")
    diverged = Forged.of(made)
    made.unlink()
    nothing = {"tasks": {}, "parameters": None, "cost": None, "loss_curve": []}
    diverged.raw |= {"status": "diverged", "error": "loss is nan at step 2", **nothing}
    diverged.spec["seed"] = 5
    diverged.write(toy_track.runs)
    where = ("--runs", toy_track.runs, "--results", toy_track.results, *toy_track.where)
    assert "2 records published" in Seesaw()("publish", *where)
    found = [record.status for record in Store(str(toy_track.results)).scan().records]
    assert sorted(found) == ["diverged", "refused"]


def test_a_method_that_fits_cannot_be_said_not_to(toy_track: Toy) -> None:
    toy_track.bench("lora", "--budget", "10", fails=True)
    forged = Forged.of(next(toy_track.runs.glob("*/10/lora/*.json")))
    forged.spec["budget"] = 12800
    forged.write(toy_track.folder / "forged")
    (said,) = problems(toy_track.folder / "forged", *toy_track.where, fails=True).values()
    assert "which is not what the budget solver says" in said


@pytest.mark.slow
def test_publish_again_adds_an_attempt_where_outcomes_differ(
    seesaw: Seesaw, tmp_path: Path
) -> None:
    own = Store(str(RESULTS))
    record = next(r for r in own.scan().records if r.spec.track == "sentences@1")
    runs, published = (Store(str(tmp_path / name)) for name in ("runs", "results"))
    runs.add(record, own.evidence(record))
    published.add(record.model_copy(update={"outcomes_sha256": None}))
    assert "its twin is published already" in seesaw("publish")
    for _ in range(2):  # the second time it is its own twin
        seesaw("publish", "--again")
        attempts = [found.attempt for found in published.attempts(record.spec)]
        assert attempts == [record.attempt, record.attempt + 1]
