"""Where a run's numbers come from: commit, packages, the method's code, hardware."""

from __future__ import annotations

import hashlib
import inspect
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from seesaw.suite.records.record import MethodSource, Provenance
from seesaw.tasks.parallel import sharing

PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "peft",
    "accelerate",
    "timm",
    "lm-eval",
    "datasets",
    "tokenizers",
    "safetensors",
    "torchmetrics",
    "scikit-learn",
    "scikit-image",
    "scipy",
    "numpy",
    "pandas",
    "pyarrow",
    "pillow",
    "rouge-score",
    "sacrebleu",
)
"""All that a score goes through."""
NOT_CODE = ("results", "runs", "reports")
ROOT = Path(__file__).parents[2]
"""The checkout, or the installed package."""


def provenance(method: MethodSource | None = None) -> Provenance:
    """Provenance of a run, or a measurement, that starts now in this process."""
    import torch

    commit, dirty = git_state(ROOT)
    return Provenance(
        seesaw=version("seesaw"),
        method=method,
        git_commit=commit,
        dirty=dirty,
        packages=_packages(),
        python=platform.python_version(),
        machine=machine(),
        platform=f"{platform.system()} {platform.machine()}",
        threads=torch.get_num_threads(),
        at_once=sharing(),
        numerics=numerics(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def method_source(method: type[Any]) -> MethodSource:
    """Whose code a method is, and the hash of the file its config stands in."""
    module = method.__module__
    file = inspect.getsourcefile(sys.modules[module])
    assert file is not None  # classes come out of files
    owner = _owner(module.partition(".")[0])
    return MethodSource(
        distribution=owner,
        version=version(owner) if owner else None,
        module=module,
        sha256=hashlib.sha256(Path(file).read_bytes()).hexdigest(),
    )


@cache
def _owner(package: str) -> str | None:
    """The installed distribution that a top-level package belongs to."""
    if package == __name__.partition(".")[0]:
        return package  # an editable install lists no packages
    return next(iter(packages_distributions().get(package, [])), None)


def git_state(root: Path) -> tuple[str | None, bool | None]:
    """Commit of the checkout at `root`, and whether files outside the stores and reports changed.

    (None, None) where `root` is no checkout: an installed package, also inside somebody else's.
    """
    excluded = [f":(exclude){name}" for name in NOT_CODE]
    try:
        top = _git(root, "rev-parse", "--show-toplevel")
        if Path(top).resolve() != root.resolve():
            return None, None
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


def numerics() -> dict[str, str]:
    """What decides which kernels run, and so how they round, on this processor."""
    import torch

    return {
        "ATen": torch.backends.cpu.get_cpu_capability(),
        "oneDNN": os.environ.get("ONEDNN_MAX_CPU_ISA", "unset"),
        "MKL": os.environ.get("MKL_CBWR", "unset"),
    }


@cache
def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
