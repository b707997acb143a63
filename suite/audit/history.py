"""Which commits are in the history of the checkout the suite runs from."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).parents[2]


def unknown_commits(commits: Collection[str], root: Path = ROOT) -> set[str]:
    """Those of `commits`, full hex ids, that the history lacks; none where there is no full one."""
    if not commits or not (root / ".git").exists():
        return set()
    try:
        if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
            return set()
        said = _git(root, "cat-file", "--batch-check", given="\n".join(sorted(commits)))
    except (OSError, subprocess.CalledProcessError):
        return set()
    known = {line.split()[0] for line in said.splitlines() if line.split()[1:2] == ["commit"]}
    return set(commits) - known


def _git(root: Path, *arguments: str, given: str = "") -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        input=given,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
