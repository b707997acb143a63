"""Shared by the tests: a tiny random encoder, and a track file that trains in seconds."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedModel
from typer.testing import CliRunner

from suite.cli import app
from tasks.track import FOLDER, get_track

ADAPTED = get_track("sentences").backbone.adapted
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("no real data beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture
def encoder() -> PreTrainedModel:
    """A random BERT of two layers and width 24, always the same, without dropout."""
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=50,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=40,
        max_position_embeddings=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.3,
    )
    return BertModel(config, add_pooling_layer=False).requires_grad_(False).eval()


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
