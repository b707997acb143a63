"""Records side by side: whose outcomes are whose, and which commits are known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from records import COUNTS, outcomes_of, record, spec

from seesaw.suite.audit.crosswise import of_outcomes
from seesaw.suite.audit.history import unknown_commits
from seesaw.suite.records.record import Record

MORE = COUNTS.model_copy(update={"experts": 701})


def made(method: str, routes_on: str, budget: int = 1000, more: bool = False) -> Record:
    """A record with outcomes that all of them have."""
    of = spec(method, budget=budget)
    counts = MORE if more else COUNTS
    return record(outcomes_of(), of, routes_on=routes_on, parameters=counts, steps=3)


@pytest.mark.parametrize(
    ("other", "one"),
    [
        (made("molora_uniform", "none"), True),
        (made("lora", "none", budget=2000), True),
        (made("lora", "none", more=True, budget=2000), False),
        (made("smora", "token"), False),
        (record(outcomes_of(), spec("lora", seed=7), routes_on="none", steps=3), False),
    ],
    ids=["no router", "fixed size", "another size", "router", "another seed"],
)
def test_only_what_is_one_function_may_have_one_outcome(other: Record, one: bool) -> None:
    own = made("lora", "none")
    named = dict(of_outcomes([(own, None), (other, None)]))
    assert sorted(named) == ([] if one else sorted([own.path, other.path]))


def test_where_nothing_is_trained_there_is_no_other_seed() -> None:
    frozen = [record(outcomes_of(), spec("head_only", seed), routes_on="none") for seed in (0, 1)]
    assert of_outcomes([(own, None) for own in frozen]) == []


def test_the_same_rows_in_another_file_are_the_same_outcomes() -> None:
    own = record(b"one file", spec("smora"))
    other = record(b"another file", spec("smora", seed=7))
    assert of_outcomes([(own, "a"), (other, "b")]) == []
    assert len(of_outcomes([(own, "a"), (other, "a")])) == 2


def test_attempts_at_one_spec_may_have_one_outcome() -> None:
    own = record(outcomes_of())
    assert of_outcomes([(own, None), (own.model_copy(update={"attempt": 2}), None)]) == []


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_commit_is_known_or_not(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    git(whole, "init", "-q")
    for message in ("one", "two"):
        git(whole, "commit", "-q", "--allow-empty", "-m", message)
    first, tree = git(whole, "rev-parse", "HEAD~1"), git(whole, "rev-parse", "HEAD^{tree}")
    asked = {first, tree, "f" * 40}
    assert unknown_commits(asked, whole) == {tree, "f" * 40}
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{whole}", "part")
    assert unknown_commits(asked, tmp_path / "part") == set()
    assert unknown_commits(asked, tmp_path) == set()
