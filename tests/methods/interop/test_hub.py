"""Adapters on their way to the hub and back from it, in its own layout on this disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from peft import PeftModel
from tiny_models import GATED, adapted, base, logits, same, told

REVISION = "0" * 40


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("name", GATED)
def test_what_is_pushed_comes_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "models--me--titles"
    snapshot = repository / "snapshots" / REVISION
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION)

    def create_repo(api: Any, repo_id: str, **more: Any) -> huggingface_hub.RepoUrl:
        return huggingface_hub.RepoUrl(f"https://huggingface.co/{repo_id}")

    def create_commit(api: Any, *, operations: list[Any], **more: Any) -> None:
        for file in operations:
            to = snapshot / file.path_in_repo
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.path_or_fileobj, to)

    monkeypatch.setattr(huggingface_hub.HfApi, "create_repo", create_repo)
    monkeypatch.setattr(huggingface_hub.HfApi, "create_commit", create_commit)
    model = adapted(name, "llama")
    model.push_to_hub("me/titles")
    assert (snapshot / "README.md").exists()
    again = PeftModel.from_pretrained(
        base("llama"), "me/titles", cache_dir=tmp_path, local_files_only=True
    )
    same(logits(again.eval(), "llama", **told(name)), logits(model, "llama", **told(name)))
