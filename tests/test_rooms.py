"""Imports run one way: down the list of rooms, never up and never between neighbours."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = """
seesaw.commands
seesaw.console
seesaw.reports
seesaw.suite.calibration seesaw.suite.speed seesaw.suite.trained
seesaw.suite.launch seesaw.suite.tune
seesaw.suite.run seesaw.suite.audit seesaw.suite.checks
seesaw.suite.costs
seesaw.suite.plan
seesaw.suite.records
seesaw.tasks.sources
seesaw.tasks.families
seesaw.tasks.backbones
seesaw.tasks
seesaw.tasks.parallel seesaw.tasks.strict
seesaw.methods
seesaw.methods.registry
seesaw.methods.core
"""
"""From the roof to the ground; rooms on one line are neighbours."""
HEIGHT = {
    room: -floor for floor, line in enumerate(FLOORS.strip().splitlines()) for room in line.split()
}
SEEN_BY_REPORTS = (
    "seesaw.reports",
    "seesaw.suite.records",
    "seesaw.tasks.families",
    "seesaw.tasks.parallel",
    "seesaw.tasks.strict",
)
FOLDERS = ("seesaw", "suite", "methods", "tasks", "reports")
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts if parts[0] == "seesaw" else ("seesaw", *parts)
    return ".".join(parts).removesuffix(".__init__")


def room_of(module: str) -> str | None:
    """The deepest room that `module` is in; None for the package's face and what is not ours."""
    inside = [room for room in HEIGHT if module == room or module.startswith(f"{room}.")]
    return max(inside, key=len, default=None)


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports, inside functions too."""
    known = {name_of(file) for file in FILES}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_run_down(path: Path) -> None:
    own = room_of(name_of(path))
    if own is None or path.parent.name == "lm_eval" or path.parent.parent.name == "lm_eval":
        return  # the face, and what lm-eval itself loads
    for module in imported(path):
        room = room_of(module)
        if room is None or room == own:
            continue
        assert HEIGHT[room] < HEIGHT[own], f"{name_of(path)} imports {module}, which stands above"
        if own == "seesaw.reports":
            assert room in SEEN_BY_REPORTS, f"{name_of(path)} imports {module}"


def test_no_file_of_the_suite_lies_loose() -> None:
    assert [path.name for path in (ROOT / "suite").glob("*.py")] == ["__init__.py"]


def test_every_folder_of_code_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(name_of(path) for path in FILES if path.name == "__init__.py")
