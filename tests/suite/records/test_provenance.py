"""What a record says of where its numbers come from, and on which machines that works."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Seesaw

from seesaw.suite.records.provenance import git_state, provenance
from seesaw.suite.records.record import Cost
from seesaw.suite.run import dry_run as estimate
from seesaw.tasks.parallel import cpus

SCORING = ("lm-eval", "timm", "torchvision", "scikit-learn", "scipy", "pandas", "safetensors",
           "torchmetrics")  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "torch",
        "transformers",
        "peft",
        *SCORING,
    ],
)
def test_every_package_that_makes_scores_is_named(name: str) -> None:
    assert provenance().packages.get(name)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Somebody's repository with one commit and an environment inside."""
    (tmp_path / "code.py").write_text("")
    (tmp_path / ".gitignore").write_text("env\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-q", "-m", "x"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


def test_a_checkout_has_its_own_commit(checkout: Path) -> None:
    commit, dirty = git_state(checkout)
    assert commit is not None
    assert len(commit) == 40
    assert dirty is False
    (checkout / "code.py").write_text("x = 1")
    assert git_state(checkout) == (commit, True)


@pytest.mark.parametrize("place", ["env/site-packages", "site-packages"])
def test_a_package_inside_anothers_checkout_has_no_commit(checkout: Path, place: str) -> None:
    """Where the environment is ignored, and where it is only not added."""
    installed = checkout / place
    (installed / "suite").mkdir(parents=True)
    (installed / "suite" / "__init__.py").write_text("")
    assert git_state(installed) == (None, None)


def test_cpus_are_counted_where_affinity_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert 1 <= cpus() <= (os.cpu_count() or 1)


def test_training_operations_are_described_per_example() -> None:
    described = Cost.model_fields["flops_train"].description or ""
    assert "per example" in described
    assert "per step" not in described


def test_an_estimate_builds_every_method_once(
    seesaw: Seesaw, tiny_track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    build = estimate.build

    def noted(workload: Any, config: Any, seed: int) -> Any:
        built.append(config.name)
        return build(workload, config, seed)

    monkeypatch.setattr(estimate, "build", noted)
    methods = ("lora", "molora", "smora")
    seesaw("bench", *methods, "--track", tiny_track, "--seeds", "0-3", "--dry-run")
    assert len(built) <= len(methods)
    assert len(set(built)) == len(built)
