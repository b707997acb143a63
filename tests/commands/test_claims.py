"""The command that decides claims: the page, what is missing, what it costs, and doing it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from claimed import ROW
from conftest import Seesaw

from seesaw.commands import claim_runs
from seesaw.reports.claims.read import ClaimError
from seesaw.suite.plan.job import Job
from seesaw.suite.run.dry_run import Estimate

PART = """
[[claim.part]]
rule = "better"
tracks = ["sentences@2"]
pairs = [["head_only", "lora"]]
seeds = 2
"""
NEEDS_DATA = PART.replace("sentences@2", "glue@2")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    other = ROW.replace('"1"', '"2b"')
    path = tmp_path / "mine.toml"
    path.write_text(f"[[claim]]\n{ROW}\n{PART}\n[[claim]]\n{other}\n{NEEDS_DATA}")
    return path


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Jobs that are done; every run takes a quarter of an hour by its estimate."""
    found: list[Job] = []

    def bench(jobs: list[Job], *rest: Any) -> list[Any]:
        found.extend(jobs)
        return []

    monkeypatch.setattr(claim_runs, "bench", bench)
    monkeypatch.setattr(
        claim_runs, "estimate", lambda jobs, runs: [Estimate(job, False, 900.0) for job in jobs]
    )
    return found


def test_the_page_is_written_and_what_is_missing_is_said_with_its_cost(
    seesaw: Seesaw, file: Path, done: list[Job]
) -> None:
    said = json.loads(seesaw("claims", "--claims", file, "--json"))
    first, second = said["claims"]
    assert (first["id"], first["verdict"]) == ("1", "not run here")
    assert [(m["entry"], m["seeds"], m["seconds"]) for m in first["missing"]] == [
        ("head_only", [0, 1], 1800),
        ("lora", [0, 1], 1800),
    ]
    assert {m["reason"] for m in second["missing"]} == {claim_runs.NO_DATA}
    page = Path("reports/CLAIMS.md").read_text()
    assert "seesaw bench head_only lora --track sentences@2 --seeds 0,1" in page
    assert "--track glue@2 --seeds 0,1 --data DIR" in page
    assert done == []
    shown = seesaw("claims", "1", "--claims", file)
    assert "1.0 hours" in shown
    assert "2b" not in shown


def test_what_has_room_is_run(seesaw: Seesaw, file: Path, done: list[Job]) -> None:
    shown = seesaw("claims", "--claims", file, "--run", "--limit", "0.6", "--jobs", "1")
    assert [(job.spec.method, job.spec.seed) for job in done] == [
        ("head_only", 0),
        ("head_only", 1),
    ]
    assert "3 entries are left" in shown


def test_unknown_claims_and_entries_are_named(seesaw: Seesaw, file: Path) -> None:
    assert "there is no claim '7'; there are 1, 2b" in " ".join(
        seesaw("claims", "7", "--claims", file, fails=True).replace("│", " ").split()
    )
    file.write_text(file.read_text().replace('"lora"', '"lroa"'))
    with pytest.raises(ClaimError, match=r"mine\.toml: claim 1, part 1: unknown method 'lroa'"):
        seesaw("claims", "--claims", file)
