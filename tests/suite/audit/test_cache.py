"""Verdicts are kept: what was looked at once costs its reading, and nothing more."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw
from forging import published
from records import outcomes_of, record, spec

from seesaw.suite.audit import verify as verifying
from seesaw.suite.audit.audit import Audit, audit
from seesaw.suite.audit.sources import Sources
from seesaw.suite.records.store import Store

MANY = 300


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Paths of the records that are looked at closely, with no verdicts kept from before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    paths: list[str] = []
    real = verifying.verify

    def noted(own: Any, *arguments: Any) -> Any:
        paths.append(own.path)
        return real(own, *arguments)

    monkeypatch.setattr(verifying, "verify", noted)
    return paths


def looked_at(store: Path) -> Audit:
    return audit(Store(str(store)), Sources())


def test_many_records_are_read_once_and_computed_once(
    tmp_path: Path, verified: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(str(tmp_path / "results"))
    for seed in range(MANY):
        content = outcomes_of() + str(seed).encode()
        store.add(record(content, of=spec(seed=seed)), {".parquet": content})
    cold = looked_at(tmp_path / "results")
    assert len(set(verified)) == MANY
    verified.clear()

    opened: Counter[str] = Counter()
    real = open

    def noted(path: Any, *arguments: Any, **named: Any) -> Any:
        opened[str(path)] += 1
        return real(path, *arguments, **named)

    monkeypatch.setattr("builtins.open", noted)
    monkeypatch.setattr("io.open", noted)
    warm = looked_at(tmp_path / "results")
    monkeypatch.undo()
    assert verified == []
    assert warm.problems == cold.problems
    assert all(warm.problems.values()), "the tasks a and b are no track's"
    of_the_store = {path: n for path, n in opened.items() if path.startswith(str(store.root))}
    assert set(of_the_store.values()) == {1}
    assert len(of_the_store) == 2 * MANY


@pytest.mark.parametrize("part", ["record", "outcomes", "code"])
@pytest.mark.slow
def test_what_changed_is_looked_at_again(
    tmp_path: Path, verified: list[str], monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    own, beside = published("lora"), published("smora")
    name, _ = (forged.write(tmp_path / "results") for forged in (own, beside))
    assert looked_at(tmp_path / "results").refused == {}
    verified.clear()
    if part == "record":
        own.raw["parameters"]["adapter"] += 1
    elif part == "outcomes":
        own.rescore(own.outcomes.assign(prediction=own.outcomes["target"]))
    else:
        monkeypatch.setattr("seesaw.suite.audit.cache.code_sha256", lambda: "f" * 64)
    own.write(tmp_path / "results")
    found = looked_at(tmp_path / "results")
    assert len(verified) == (2 if part == "code" else 1)
    refused = {path.rpartition("/")[2] for path in found.refused}
    assert refused == ({name} if part == "record" else set())


@pytest.mark.parametrize("broken", ["no JSON", "another form", "read-only"])
@pytest.mark.slow
def test_a_cache_that_is_broken_costs_only_time(
    seesaw: Seesaw, tmp_path: Path, verified: list[str], broken: str
) -> None:
    published("lora").write(tmp_path / "results")
    if broken == "read-only":
        (tmp_path / "cache").write_text("a file in the folder's place")
    else:
        seesaw("verify")
        (kept,) = (tmp_path / "cache" / "seesaw").iterdir()
        kept.write_text("{" if broken == "no JSON" else '{"a": [1]}')
    for _ in range(2):
        assert "1 of 1 records are as they say" in seesaw("verify")
    assert len(verified) == 2
