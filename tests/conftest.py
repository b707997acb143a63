"""Shared by the tests: a tiny random encoder, and track files that train in seconds."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# before torch comes in: a thread that waits must not keep a core from the other tests
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from hypothesis import settings
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from typer.testing import CliRunner

from seesaw.commands import app
from seesaw.suite.checks.specimen import encoder as random_encoder
from seesaw.tasks.catalogue import track_file

# how long an example takes says nothing on a machine that others use too
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")

BACKBONES = Path("seesaw", "backbones")
"""Where converted backbones lie in a cache: no test needs to fetch them again."""
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it are skipped without it."""
    if not SHARED.is_dir():
        pytest.skip("no real data beside this checkout (../shared/data)")
    return SHARED


@pytest.fixture(autouse=True)
def _cache_of_their_own(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests share a cache that is not the user's; only what came out of packages is."""
    own = tmp_path_factory.getbasetemp() / "cache"
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (user / BACKBONES, (own / BACKBONES).parent):
        folder.mkdir(parents=True, exist_ok=True)
    if not (own / BACKBONES).exists():
        (own / BACKBONES).symlink_to(user / BACKBONES)
    monkeypatch.setenv("XDG_CACHE_HOME", str(own))


@pytest.fixture
def encoder() -> PreTrainedModel:
    """A tiny random BERT, always the same."""
    return random_encoder()


@pytest.fixture
def tiny_track(tmp_path: Path) -> Path:
    """`sentences@1` cut to a few examples and three steps, on the real MiniLM."""
    sizes = {"train": 40, "dev": 8, "test": 16, "steps": 3, "batch_size": 8}
    return changed("sentences@1", tmp_path / "tiny.toml", name='"tiny"', **sizes)


@pytest.fixture
def tiny_scenes(tmp_path: Path) -> Path:
    """`scenes@1` cut to a few small pictures and three steps, on the real backbone."""
    sizes = {"train": 12, "dev": 3, "test": 5, "side": 48, "steps": 3, "batch_size": 4}
    path = tmp_path / "dense.toml"
    return changed("scenes@1", path, name='"dense"', size="[48, 48]", **sizes)


def changed(track: str, path: Path, **lines: object) -> Path:
    """A track file with other values for some of its lines."""
    path.write_text(track_file(track).read_text())
    return replaced(path, **lines)


def replaced(path: Path, **lines: object) -> Path:
    """The file at `path` with other values for some of its lines."""
    text = path.read_text().splitlines()
    for name, value in lines.items():
        assert any(line.startswith(f"{name} =") for line in text), name
        text = [f"{name} = {value}" if x.startswith(f"{name} =") else x for x in text]
    path.write_text("\n".join(text))
    return path


TRAINING = ("bench", "tune", "calibrate", "speed", "evaluate")
"""Commands that compute for seconds."""
SPREAD = ("bench", "tune", "calibrate")
"""Commands that start other processes for runs, unless there is one at a time."""


class Seesaw:
    """The command line in this process, in a working folder of its own."""

    def __call__(self, *arguments: object, fails: bool = False) -> str:
        """Run `seesaw ARGUMENTS`; what it printed. An error of ours comes as its own type."""
        given = [str(a) for a in arguments]
        if given[0] in TRAINING and "--threads" not in given:
            given += ["--threads", "1"]  # tests share the machine with each other
        if given[0] in SPREAD and "--jobs" not in given:
            given += ["--jobs", "1"]
        result = CliRunner().invoke(app, given, catch_exceptions=False)
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


TOY_TASKS = ("topic", "similarity")
"""What a toy is benched on: classes and a regression."""


@dataclass(frozen=True)
class Toy:
    """A track on a tiny random encoder, and the command line on it: a run takes a second.

    `path` is the track file, `weights` the folder that serves the backbone, and `folder` the one
    that holds the stores `runs` and `results`.
    """

    path: Path
    weights: Path
    folder: Path

    @property
    def where(self) -> tuple[object, ...]:
        """The arguments that name the track to `verify` and `export`."""
        return ("--track", self.path, "--weights", self.weights)

    @property
    def runs(self) -> Path:
        """The store its runs are written to."""
        return self.folder / "runs"

    @property
    def results(self) -> Path:
        """The published store its runs are compared with."""
        return self.folder / "results"

    def arguments(self, *arguments: object) -> list[object]:
        """Those of `seesaw bench` on this track; what is named in `arguments` comes last."""
        stores = ("--runs", self.runs, "--results", self.results)
        tasks = ("--tasks", ",".join(TOY_TASKS), "--threads", 1)
        return ["bench", *self.where, *stores, *tasks, *arguments]

    def bench(self, *arguments: object, fails: bool = False) -> list[dict[str, Any]]:
        """What `seesaw bench --json` says of every run."""
        output = Seesaw()(*self.arguments(*arguments, "--json"), fails=fails)
        found: list[dict[str, Any]] = json.loads(output[output.index("[\n") :])
        return found

    def set(self, **lines: object) -> None:
        """Change lines of the track file."""
        replaced(self.path, **lines)


def toy(folder: Path, weights: Path) -> Toy:
    """A toy in `folder`: `sentences@1` cut to three steps, on the backbone in `weights`."""
    recipe = {"learning_rate": 2e-2, "steps": 3, "batch_size": 8, "max_length": 24}
    sizes = {"train": 24, "dev": 6, "test": 12, "default": 12_800}
    path = changed("sentences@1", folder / "toy.toml", name='"toy"', **recipe, **sizes)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(x for x in lines if not x.startswith(("package =", "sha256 ="))))
    return Toy(path, weights, folder)


@pytest.fixture(scope="session")
def toy_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny random BERT and a word-level tokenizer of a few frequent words."""
    folder = tmp_path_factory.mktemp("toy-bert")
    random_encoder().save_pretrained(folder)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = ["the", "a", "is", "was", "in", "on", "of", "to", "and", "not", "no", "it", "they"]
    vocabulary = {word: number for number, word in enumerate([*special, *words])}
    own = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    own.pre_tokenizer = pre_tokenizers.Whitespace()
    own.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=own,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def toy_track(tmp_path: Path, toy_weights: Path, seesaw: Seesaw) -> Toy:
    """A toy of one test, in `tmp_path`, which is the working folder too."""
    return toy(tmp_path, toy_weights)


HANGS = 120
"""Seconds after which a test that guards against hanging is given up; it takes a few."""


@contextmanager
def patience() -> Iterator[None]:
    """Ends what never would."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"still at it after {HANGS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(HANGS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def not_for_ever() -> Iterator[None]:
    """A test that hangs fails."""
    with patience():
        yield
