"""What pages show is true: their Python runs, their commands are ours, their files exist.

So do the notebooks and the examples in docstrings, and the site is built without a warning.
"""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import jupytext
import pytest
import yaml
from test_rooms import FILES, name_of

ROOT = Path(__file__).parents[1]
REPORTS = ("reports/LEADERBOARD.md", "reports/FINDINGS.md", "reports/CLAIMS.md")
WRITTEN = ("README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")))
BLOCKS = {
    page: found
    for page in WRITTEN
    if (found := re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL))
}
EXAMPLES = [name_of(path) for path in FILES if ">>> " in path.read_text()]
NOTEBOOKS = sorted(ROOT.glob("examples/*.py"))


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run in that has the published records of the checkout."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "svg")
    return tmp_path


def test_there_is_python_to_run() -> None:
    assert {"README.md", "docs/adapters.md", "docs/saving.md", "docs/refused.md"} <= set(BLOCKS)
    assert len(NOTEBOOKS) >= 2
    assert {"seesaw", "seesaw.methods.core.state"} <= set(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("page", BLOCKS)
def test_python_of_a_page_runs_as_written(page: str, scratch: Path) -> None:
    known: dict[str, Any] = {"__name__": "page"}
    for block in BLOCKS[page]:
        exec(compile(block, page, "exec"), known)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path: Path, scratch: Path) -> None:
    cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    assert len(cells) > 3
    known: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells:
        exec(compile(cell.source, path.name, "exec"), known)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_in_docstrings_run(name: str, scratch: Path) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    build = ["make", "--silent", "docs", f"SITE={tmp_path}"]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    pages = {
        path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*.html")
    }
    for page in (*WRITTEN, *(f"examples/{path.name}" for path in NOTEBOOKS)):
        assert ("index" if page == "README.md" else page.rpartition(".")[0]) + ".html" in pages
    assert 'id="seesaw.methods.SMoRAConfig"' in pages["docs/reference.html"]
    for page, html in pages.items():
        assert not re.search(r"<(script|img|iframe|link)[^>]*(src|href)=\"?(https?:)?//", html), (
            page
        )


def test_every_page_is_in_the_navigation() -> None:
    text = (ROOT / "mkdocs.yml").read_text()
    assert yaml.safe_load(text)["nav"]
    for page in (*WRITTEN, *(f"examples/{path.name}" for path in NOTEBOOKS)):
        assert f": {page}\n" in text, page


@pytest.mark.parametrize("page", [*WRITTEN, *REPORTS])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in WRITTEN:
        for target in re.findall(r"^make ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE):
            assert target in targets, target


def test_commands_are_ours() -> None:
    from seesaw.commands import app

    known = {group.name for group in app.registered_groups} | {
        command.name or command.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
        for command in app.registered_commands
    }
    for page in WRITTEN:
        text = (ROOT / page).read_text()
        for shell in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            for command in re.findall(
                r"^(?:\.venv/bin/)?seesaw ([a-z][a-z-]*)", shell, re.MULTILINE
            ):
                assert command in known, f"{page}: seesaw {command}"
