"""Shared by the tests: a tiny random encoder, and a track file that trains in seconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from transformers import PreTrainedModel
from typer.testing import CliRunner

from seesaw.commands import app
from seesaw.suite.checks.specimen import encoder as random_encoder
from seesaw.tasks.track import FOLDER

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
    sizes = {"train": 40, "dev": 8, "test": 16, "steps": 3, "batch_size": 8}
    return changed("sentences", tmp_path / "tiny.toml", name='"tiny"', **sizes)


@pytest.fixture
def tiny_scenes(tmp_path: Path) -> Path:
    """`scenes` cut to a few small pictures and three steps, on the real backbone."""
    sizes = {"train": 12, "dev": 3, "test": 5, "side": 48, "steps": 3, "batch_size": 4}
    path = tmp_path / "dense.toml"
    return changed("scenes", path, name='"dense"', size="[48, 48]", **sizes)


def changed(track: str, path: Path, **lines: object) -> Path:
    """A track file with other values for some of its lines."""
    text = (FOLDER / f"{track}.toml").read_text().splitlines()
    for name, value in lines.items():
        assert any(line.startswith(f"{name} =") for line in text), name
        text = [f"{name} = {value}" if x.startswith(f"{name} =") else x for x in text]
    path.write_text("\n".join(text))
    return path


class Seesaw:
    """The command line in this process, in a working folder of its own."""

    def __call__(self, *arguments: object, fails: bool = False) -> str:
        """Run `seesaw ARGUMENTS`; what it printed. An error of ours comes as its own type."""
        result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
        assert (result.exit_code != 0) == fails, result.output
        return result.output

    def bench(self, track: Path, *arguments: object, fails: bool = False) -> list[dict[str, Any]]:
        """What `seesaw bench --json` says of every run on a track file."""
        output = self("bench", *arguments, "--track", track, "--json", fails=fails)
        found: list[dict[str, Any]] = json.loads(output[output.index("[\n") :])
        return found


@pytest.fixture
def seesaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seesaw:
    """`seesaw(...)` runs the command line in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    return Seesaw()
