"""Where a run's numbers come from: commit, packages, hardware."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from seesaw.suite.records.record import Provenance

PACKAGES = ("torch", "transformers", "peft", "accelerate", "datasets", "tokenizers", "numpy")
NOT_CODE = ("results", "runs", "reports")


def provenance() -> Provenance:
    """Provenance of a run that starts now in this process."""
    import torch

    commit, dirty = git_state(Path(__file__).parents[2])
    return Provenance(
        git_commit=commit,
        dirty=dirty,
        packages=_packages(),
        python=platform.python_version(),
        machine=machine(),
        platform=f"{platform.system()} {platform.machine()}",
        threads=torch.get_num_threads(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def git_state(root: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout at `root`, and whether files outside the stores and reports changed.

    (None, None) where `root` is no checkout, e.g. an installed package.
    """
    excluded = [f":(exclude){name}" for name in NOT_CODE]
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", ".", *excluded)
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return commit, bool(changed)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@cache
def machine() -> str:
    """The GPU's name, or else the CPU model."""
    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [line.partition(":") for line in info.read_text().split("\n\n")[0].splitlines()]
        fields = {name.strip(): value.strip() for name, _, value in lines}
        parts = ("vendor_id", "model name", "cpu family", "model", "stepping")
        return " ".join(fields[part] for part in parts if part in fields)
    return platform.processor() or platform.machine()


@cache
def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
