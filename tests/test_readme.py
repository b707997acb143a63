"""What README shows is true: its Python runs, its commands are ours, its files exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PAGES = ("README.md", "CONTRIBUTING.md", "reports/LEADERBOARD.md", "reports/CLAIMS.md")


def test_there_is_python_to_run() -> None:
    assert len(BLOCKS) >= 1


@pytest.mark.parametrize("block", BLOCKS)
def test_python_blocks_run_as_written(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"^make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE):
            assert target in targets, target
