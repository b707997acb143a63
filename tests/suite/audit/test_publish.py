"""From runs to published records: verified, from clean commits, beside their twins."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Seesaw

from seesaw.suite.records.store import Store

RESULTS = Path(__file__).parents[3] / "results"


def test_verify_publish_and_twins(seesaw: Seesaw, tiny_track: Path, tmp_path: Path) -> None:
    seesaw.bench(tiny_track, "lora")
    runs = Store(str(tmp_path / "runs"))
    (record,) = runs.scan().records
    checked = seesaw("verify", "--store", "runs", "--track", str(tiny_track))
    assert "1 of 1 records are as they say" in checked
    published = Store(str(tmp_path / "results"))
    published.add(record, runs.evidence(record))
    (again,) = seesaw.bench(tiny_track, "lora", "--force")
    assert again["twin"] == "reproduced the published record bit for bit"
    assert "published" in seesaw("bench", "lora", "--track", str(tiny_track))

    assert record.parameters is not None
    counts = record.parameters.model_copy(update={"experts": record.parameters.experts + 1})
    forged = record.model_copy(update={"parameters": counts}, deep=True)
    forged.tasks["topic"].test["accuracy"] += 0.1
    other = Store(str(tmp_path / "forged"))
    other.add(forged, runs.evidence(record))
    output = seesaw("verify", "--store", "forged", "--track", str(tiny_track), fails=True)
    assert "topic test accuracy: stored" in output
    assert "experts parameters: stored 2,654,209, built 2,654,208" in output
    assert "0 of 1" in output


def test_publish_takes_clean_verified_records_only(seesaw: Seesaw, tmp_path: Path) -> None:
    from records import outcomes_of, record, spec

    runs = Store(str(tmp_path / "runs"))
    dirty = record(outcomes_of()).provenance.model_copy(update={"dirty": True})
    runs.add(record(outcomes_of(), provenance=dirty), {".parquet": outcomes_of()})
    runs.add(record(None, of=spec(seed=1), status="diverged", error="loss is nan at step 3"))
    runs.add(
        record(outcomes_of(), of=spec(seed=2, track="elsewhere@1")), {".parquet": outcomes_of()}
    )
    answer = json.loads(seesaw("publish", "--json"))
    assert answer["published"] == []
    reasons = " | ".join(sorted(answer["refused"].values()))
    assert "made from a tree that is not a clean commit" in reasons
    assert "status is diverged" in reasons
    assert "unknown track 'elsewhere@1'" in reasons


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
