"""Runs that go wrong: each is a row with its status, and the others are still done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import Seesaw, Toy, changed
from hostile import hostile
from lms import tiny_t5
from torch import Tensor

from seesaw.methods.core.gated import Gated
from seesaw.suite.records.store import Store
from seesaw.tasks.task import DataError


@pytest.mark.parametrize("tasks", ["topic", "topic,similarity"])
def test_weights_that_are_no_numbers_are_diverged(toy_track: Toy, tasks: str) -> None:
    toy_track.set(steps=1, learning_rate="1e38", clip_norm="1e30")
    for attempt in (1, 2):
        (run,) = toy_track.bench("lora", "--tasks", tasks, fails=True)
        assert run["status"] == "diverged"
        assert run["path"].endswith(f"-{attempt}")
    scan = Store(str(toy_track.runs)).scan()
    assert (len(scan.records), scan.damaged) == (2, {})


def nan_when_asked(layer: Gated) -> Tensor | None:
    """No number comes out of the layer outside training; its weights stay finite."""
    return None if layer.training else layer.up.new_full((1, 1), float("nan"))


@pytest.mark.parametrize("tasks", ["topic", "topic,similarity"])
def test_answers_that_are_no_numbers_are_diverged(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch, tasks: str
) -> None:
    name = hostile(monkeypatch, nan_when_asked)
    (run,) = toy_track.bench(name, "--tasks", tasks, fails=True)
    assert run["status"] == "diverged"
    scan = Store(str(toy_track.runs)).scan()
    assert (len(scan.records), scan.damaged) == (1, {})


@pytest.mark.parametrize("split", ["train", "dev", "test"])
@pytest.mark.usefixtures("not_for_ever")
def test_an_empty_split_is_an_error_by_name(toy_track: Toy, split: str) -> None:
    toy_track.set(**{split: 0})
    with pytest.raises(DataError, match=split) as caught:
        toy_track.bench("lora")
    assert "\n" not in str(caught.value)


def write_cola(folder: Path, **texts: list[str]) -> None:
    """A folder of GLUE with one task, labels alternating, by split."""
    (folder / "cola").mkdir(parents=True)
    for split, own in texts.items():
        frame = pd.DataFrame({"sentence": own, "label": np.arange(len(own)) % 2})
        frame.to_parquet(folder / "cola" / f"{split}-00000-of-00001.parquet")


@pytest.mark.usefixtures("not_for_ever")
def test_a_data_set_too_small_for_its_dev_split_is_an_error(
    seesaw: Seesaw, tmp_path: Path, toy_weights: Path
) -> None:
    texts = [f"text {row}" for row in range(170)]
    write_cola(tmp_path / "glue", train=texts[:150], validation=texts[150:])
    own = changed("glue", tmp_path / "own.toml", name='"own"', steps=2, max_length=24)
    own.write_text("".join(x for x in own.read_text().splitlines(True) if "sha256 =" not in x))
    given = ("--data", tmp_path / "glue", "--weights", toy_weights, "--budget", 12_800)
    with pytest.raises(DataError, match=r"cola.*train") as caught:
        seesaw.bench(own, "lora", *given)
    assert "\n" not in str(caught.value)


def test_tracks_of_one_call_have_their_own_precision(toy_track: Toy) -> None:
    half = toy_track.path.with_name("half.toml")
    half.write_text(toy_track.path.read_text().replace("[recipe]", '[recipe]\nprecision = "bf16"'))
    runs = toy_track.bench("lora", "--track", f"{toy_track.path},{half}")
    assert [run["status"] for run in runs] == ["ok", "ok"], [run["error"] for run in runs]
    records = Store(str(toy_track.runs)).scan().records
    assert {record.spec.precision for record in records} == {"fp32", "bf16"}


def test_cut_prompts_are_those_of_one_run(seesaw: Seesaw, tmp_path: Path) -> None:
    texts = [" ".join(f"w{(row * word) % 301}" for word in range(40)) for row in range(1, 260)]
    write_cola(tmp_path / "glue", train=texts[:240], validation=texts[240:])
    t5 = tiny_t5(tmp_path / "t5", [*texts, "cola acceptable not : sentence"])
    sizes = {"steps": 2, "batch_size": 4, "max_length": 20}
    own = changed("glue-t5", tmp_path / "own.toml", name='"own"', **sizes)
    given = ("--data", tmp_path / "glue", "--weights", t5, "--budget", "40k")
    for seeds, store in (("0,1", "both"), ("1", "alone")):
        seesaw.bench(own, "lora", *given, "--seeds", seeds, "--runs", store)
    both, (alone,) = (Store(store).scan().records for store in ("both", "alone"))
    (second,) = [record for record in both if record.spec.seed == 1]
    assert alone.cut_prompts["train"] == 8
    assert second.cut_prompts == alone.cut_prompts


def out_of_memory(_: object) -> NoReturn:
    raise MemoryError


def asks_for_too_much(_: object) -> Tensor:
    return torch.empty(1 << 55)


def exits(_: object) -> NoReturn:
    sys.exit(0)


def speaks_no_unicode(_: object) -> NoReturn:
    raise RuntimeError("a lone surrogate: \ud800")


ENDS: dict[str, tuple[Callable[[object], Tensor | None], str]] = {
    "MemoryError without a text": (out_of_memory, "oom"),
    "no memory on a CPU": (asks_for_too_much, "oom"),
    "sys.exit(0)": (exits, "failed"),
    "lone surrogate": (speaks_no_unicode, "failed"),
}
"""What a method does, and the status of its run."""


@pytest.mark.parametrize("kind", ENDS)
def test_a_failure_is_a_record_and_the_others_still_run(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    act, status = ENDS[kind]
    runs = toy_track.bench(hostile(monkeypatch, act), "lora", fails=True)
    assert [run["status"] for run in runs] == [status, "ok"]
    assert runs[0]["error"]
    scan = Store(str(toy_track.runs)).scan()
    assert sorted(record.status for record in scan.records) == sorted([status, "ok"])
    assert scan.damaged == {}


def test_an_error_does_not_act_on_a_terminal(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(_: object) -> NoReturn:
        raise RuntimeError("\x1b[2J[/bad] gone")

    output = Seesaw()(*toy_track.arguments(hostile(monkeypatch, act)), fails=True)
    assert "gone" in output
    assert "\x1b" not in output


def test_an_error_in_a_closed_form_is_a_row(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def costs() -> NoReturn:
        raise ZeroDivisionError("so many parameters per nothing")

    runs = toy_track.bench(hostile(monkeypatch, lambda _: None, costs), "lora", fails=True)
    assert [run["status"] for run in runs] == ["failed", "ok"]
    assert "so many parameters per nothing" in runs[0]["error"]


def test_a_budget_that_one_method_cannot_fill_is_a_row(toy_track: Toy) -> None:
    runs = toy_track.bench("molora", "lora", "--budget", "640", fails=True)
    assert [run["status"] for run in runs] == ["failed", "ok"]
    assert "molora cannot fill a budget of 640 parameters" in runs[0]["error"]


@pytest.mark.slow
def test_a_broken_plugin_is_a_warning_to_who_does_not_ask_for_it(toy_track: Toy) -> None:
    plugin = toy_track.folder / "plugin"
    info = plugin / "broken-1.0.dist-info"
    info.mkdir(parents=True)
    (plugin / "broken.py").write_text("raise RuntimeError('not on this machine')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[seesaw.methods]\nbroken = broken\n")
    done = subprocess.run(
        [sys.executable, "-m", "seesaw",
         *map(str, toy_track.arguments("lora", "--json"))],
        env=os.environ | {"PYTHONPATH": str(plugin)},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1000:]
    assert [run["status"] for run in json.loads(done.stdout)] == ["ok"]
    assert "broken" in done.stderr
    assert "not on this machine" in done.stderr
    assert "Traceback" not in done.stderr
