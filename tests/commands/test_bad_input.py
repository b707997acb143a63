"""Whatever is wrong with what is asked for is said in one line that names it."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Seesaw, changed, patience
from PIL import Image
from typer.testing import CliRunner

from seesaw.commands import app
from seesaw.suite.plan import plan
from seesaw.suite.records.store import Store
from seesaw.tasks.catalogue import track_file
from seesaw.tasks.families.dense.files import read_image, read_index, read_share
from seesaw.tasks.task import DataError

PACKAGES = ("seesaw",)
CODES = {"utf-16": "utf-16", "latin-1": "latin-1"}
MAIN = [sys.executable, "-m", "seesaw"]


def refusal(*arguments: object) -> str:
    """What `seesaw ARGUMENTS` is refused with: an error of ours in one line, or exit code 2."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    problem = result.exception
    assert problem is not None, result.output
    if isinstance(problem, SystemExit):
        assert result.exit_code == 2, result.output
        return " ".join(result.output.replace("│", " ").split())
    assert isinstance(problem, ValueError), repr(problem)
    assert type(problem).__module__.split(".")[0] in PACKAGES, repr(problem)
    assert "\n" not in str(problem)
    return str(problem)


@pytest.mark.parametrize("code", CODES)
def test_a_track_file_that_is_no_utf_8(seesaw: Seesaw, tmp_path: Path, code: str) -> None:
    text = track_file("sentences").read_text().replace('title = "', 'title = "Phrasés: ')
    (tmp_path / "mine.toml").write_bytes(text.encode(code))
    message = refusal("bench", "lora", "--track", "mine.toml")
    assert "track file mine.toml" in message
    assert "UTF-8" in message


@pytest.mark.parametrize("kind", ["[]", '["dense"]', "{ of = 1 }"])
def test_a_track_whose_kind_is_no_word(seesaw: Seesaw, tmp_path: Path, kind: str) -> None:
    text = track_file("sentences").read_text()
    (tmp_path / "mine.toml").write_text(f"kind = {kind}\n{text}")
    message = refusal("bench", "lora", "--track", "mine.toml")
    assert re.search(r"track file mine\.toml: kind is .* must be one of .*sentences", message)


def glue_folder(folder: Path, task: str, labels: list[Any], text: str = "text") -> Path:
    """A task of GLUE whose `train` has these labels."""
    columns = {"cola": ["sentence"], "stsb": ["sentence1", "sentence2"]}[task]
    (folder / task).mkdir(parents=True)
    for split, own in (("train", labels), ("validation", [0.0, 1.0] * 8)):
        rows = {column: [f"{split} {text} {i}" for i in range(len(own))] for column in columns}
        path = folder / task / f"{split}-00000-of-00001.parquet"
        pq.write_table(pa.table({**rows, "label": pa.array(own)}), path)
    return folder


def long(*first: Any) -> list[Any]:
    """Labels of a training set that begins with some."""
    rest = {str: "0", list: [0.0]}.get(type(first[-1]), 0.0)
    return [*first, *[rest] * 300]


@pytest.mark.parametrize(
    ("task", "labels", "shown"),
    [
        ("cola", long(1.0, float("nan")), "row 1: label is nan"),
        ("stsb", long(1.0, float("nan")), "row 1: label is nan"),
        ("stsb", long(1.0, float("inf")), "row 1: label is inf"),
        ("cola", long(1.0, None), "row 1: label is None"),
        ("stsb", long(1.0, None), "row 1: label is None"),
        ("cola", long("0", "good"), "row 1: label is 'good'"),
        ("stsb", long("0", "good"), "row 1: label is 'good'"),
        ("cola", long([1.0], [0.0, 1.0]), r"row 0: label is \[1.0\]"),
        ("stsb", long([1.0], [0.0, 1.0]), r"row 0: label is \[1.0\]"),
    ],
)
def test_labels_that_are_no_labels(
    seesaw: Seesaw, tmp_path: Path, task: str, labels: list[Any], shown: str
) -> None:
    glue_folder(tmp_path / "glue", task, labels)
    # a run that is not refused shall end soon
    track = changed("glue", tmp_path / "mine.toml", steps=1, batch_size=3)
    arguments = ("--budget", "165_888", "--track", track, "--data", "glue")
    assert re.search(rf"glue/{task}/train-.*{shown}", refusal("bench", "lora", *arguments))


def test_a_training_set_of_one_class(seesaw: Seesaw, tmp_path: Path) -> None:
    glue_folder(tmp_path / "glue", "cola", [1.0] * 300)
    track = changed("glue", tmp_path / "mine.toml", steps=1, batch_size=3)
    (run,) = seesaw.bench(track, "lora", "--budget", "165_888", "--data", "glue")
    assert run["status"] == "ok", run["error"]
    (record,) = Store("runs").scan().records
    assert record.tasks["cola"].bag_of_words == record.tasks["cola"].constant


@pytest.mark.parametrize("code", CODES)
def test_rows_of_json_that_are_no_utf_8(seesaw: Seesaw, tmp_path: Path, code: str) -> None:
    form = "Is it, Renée?\n\nAnswer format: true/false"
    row = {"instruction": form, "input": "", "output": "true", "answer": "true"}
    (tmp_path / "boolq").mkdir()
    for split in ("train", "test"):
        text = json.dumps([row] * 300, ensure_ascii=False)
        (tmp_path / "boolq" / f"{split}.json").write_bytes(text.encode(code))
    message = refusal("bench", "lora", "--track", "commonsense-smoke", "--data", tmp_path)
    assert "boolq/train.json" in message
    assert "UTF-8" in message


@pytest.mark.parametrize("read", [read_image, read_index, read_share])
def test_an_image_that_is_far_too_large(
    read: Callable[[Path], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.png"
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match=r"bomb\.png cannot be read as .*1600 pixels"):
        read(path)


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize(
    "command",
    [
        ("bench", "lora"),
        ("speed", "lora"),
        ("pretrain", "scenes", "--to", "scenes.safetensors"),
        ("evaluate", "0-abc-1.json", "--tasks", "x"),
    ],
    ids=lambda command: command[0],
)
def test_threads_are_at_least_one(seesaw: Seesaw, command: tuple[str, ...], count: int) -> None:
    message = refusal(*command, f"--threads={count}")
    assert "threads" in message
    assert str(count) in message


@pytest.mark.slow
def test_a_track_from_the_hub_without_a_network(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [*MAIN, "bench", "lora", "--track", "glue"],
        cwd=tmp_path,
        env={**clean, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("seesaw: ")
    assert "nyu-mll/glue" in line
    assert "--data" in line


@pytest.mark.parametrize("target", ["nowhere", "link"], ids=["broken", "looping"])
def test_a_bad_link_beside_the_data_does_no_harm(
    seesaw: Seesaw, tmp_path: Path, target: str
) -> None:
    folder = glue_folder(tmp_path / "glue", "cola", [0.0, 1.0] * 150)
    (folder / "cola" / "link").symlink_to(folder / "cola" / target)
    track = changed("glue", tmp_path / "mine.toml", steps=1, batch_size=3)
    arguments = ("lora", "--budget", "165_888", "--data", "glue")
    (outcome,) = seesaw.bench(track, *arguments)
    assert outcome["status"] == "ok"


def test_data_that_is_a_broken_link_is_named(seesaw: Seesaw, tmp_path: Path) -> None:
    folder = glue_folder(tmp_path / "glue", "cola", [0.0, 1.0] * 150)
    (path,) = (folder / "cola").glob("train-*")
    path.unlink()
    path.symlink_to(folder / "nowhere")
    message = refusal("bench", "lora", "--track", "glue", "--data", "glue")
    assert path.name in message


@pytest.mark.parametrize("command", ["budgets", "bench"])
def test_a_budget_beyond_all_sizes(seesaw: Seesaw, command: str) -> None:
    with patience():
        arguments = [command, "lora", "--track", "sentences", "--budget", "1000G"]
        result = CliRunner().invoke(app, arguments)
    assert not isinstance(result.exception, TimeoutError)
    said = " ".join(f"{result.output} {result.exception}".split())
    assert re.search("budget of 1,000,000,000,000|1000G", said)


@pytest.mark.parametrize("seeds", ["5-1", "0,5-1", "1-0"])
def test_seeds_that_fall(seesaw: Seesaw, seeds: str) -> None:
    assert seeds.rpartition(",")[2] in refusal("bench", "lora", "--track", "none", "--seeds", seeds)


@pytest.mark.parametrize("seeds", ["0-99999999999", "0-99999999999,1"])
def test_more_seeds_than_anyone_runs(tmp_path: Path, seeds: str) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9))

    done = subprocess.run(
        [*MAIN, "bench", "lora", "--seeds", seeds],
        cwd=tmp_path,
        preexec_fn=little,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "0-99999999999" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["table", "json"])
def test_a_store_that_is_not_there_is_not_verified(seesaw: Seesaw, more: tuple[str, ...]) -> None:
    assert "nonexistent" in refusal("verify", "--store", "nonexistent", *more)


def test_an_empty_store_is_verified(seesaw: Seesaw, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    seesaw("verify", "--store", "empty")
    assert not Store("empty").scan().records


def test_an_interrupt_before_the_first_run(seesaw: Seesaw, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plan.Workload, "__init__", interrupted)
    result = CliRunner().invoke(app, ["bench", "lora", "--track", "sentences"])
    assert result.exit_code == 130
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("seesaw: interrupted")
