"""Shared by the tests: a tiny random encoder, and a track file that trains in seconds."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from transformers import PreTrainedModel
from typer.testing import CliRunner

from suite.check import encoder as random_encoder
from suite.cli import app
from tasks.track import FOLDER

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("no real data beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture
def encoder() -> PreTrainedModel:
    """A tiny random BERT, always the same."""
    return random_encoder()


@pytest.fixture
def tiny_track(tmp_path: Path) -> Path:
    """`sentences` cut to a few examples and three steps, on the real MiniLM."""
    text = (FOLDER / "sentences.toml").read_text()
    for name, value in {
        "name": '"tiny"',
        "train": 40,
        "dev": 8,
        "test": 16,
        "steps": 3,
        "batch_size": 8,
    }.items():
        lines = [
            f"{name} = {value}" if line.startswith(f"{name} =") else line
            for line in text.splitlines()
        ]
        text = "\n".join(lines)
    path = tmp_path / "tiny.toml"
    path.write_text(text)
    return path


class Seesaw:
    """The command line in this process, in a working folder of its own."""

    def __call__(self, *arguments: str, fails: bool = False) -> str:
        """Run `seesaw ARGUMENTS`; what it printed. An error of ours comes as its own type."""
        result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        assert (result.exit_code != 0) == fails, result.output
        return result.output


@pytest.fixture
def seesaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seesaw:
    """`seesaw(...)` runs the command line in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    return Seesaw()
