"""Whole runs through the command line, on a tiny track with the real MiniLM."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import Seesaw, Toy

from seesaw.methods import method_names
from seesaw.suite.plan.request import RequestError
from seesaw.suite.records.store import Store


@pytest.mark.slow
def test_a_run_leaves_one_record_and_is_not_done_twice(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    (first,) = seesaw.bench(tiny_track, "smora")
    assert (first["status"], first["fresh"]) == ("ok", True)
    store = Store(str(tmp_path / "runs"))
    (record,) = store.scan().records
    assert record.id == first["id"]
    assert (record.steps, record.examples) == (3, 24)
    assert record.parameters is not None
    assert record.parameters.adapter == 2_654_208
    assert set(record.routing) == {p for p in record.routing if p.startswith("encoder.layer.")}
    assert len(record.routing) == 36
    assert record.cost is not None
    assert record.cost.flops_train > 2 * record.cost.flops_infer > 0
    outcomes = pd.read_parquet(tmp_path / "runs" / f"{record.path}.parquet")
    assert list(outcomes.columns) == ["split", "task", "row", "prediction", "target"]
    assert len(outcomes) == 8 * (8 + 16)

    for _ in range(2):  # by looking for every run, and by remembering the request
        output = seesaw("bench", "smora", "--track", str(tiny_track))
        assert "Nothing is left to do" in output
        assert "constant answer" in output
    assert len(store.scan().records) == 1

    (again,) = seesaw.bench(tiny_track, "smora", "--force")
    assert (again["fresh"], again["scores"]) == (True, first["scores"])
    both = store.attempts(record.spec)
    assert [r.attempt for r in both] == [1, 2]
    assert both[0].outcomes_sha256 == both[1].outcomes_sha256
    assert both[0].loss_curve == both[1].loss_curve


BLOCKED = """
import socket
def refuse(*_, **__):
    raise SystemExit("a socket was opened")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
from seesaw.commands import main
main()
"""


@pytest.mark.slow
def test_embedded_tracks_make_no_network_call(tiny_track: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "bench", "lora", "--track", str(tiny_track)],
        cwd=tmp_path,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a socket was opened" not in done.stderr


@pytest.mark.slow
def test_an_interrupted_call_keeps_what_had_ended(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    # a shell that runs the tests in the background hands SIGINT down as ignored
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from seesaw.commands import main; main()"
    )
    arguments = ["bench", "lora", "--track", str(tiny_track), "--seeds", "0-99", "--jobs", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    while not list(tmp_path.glob("runs/**/*.json")):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what had ended is stored" in errors
    assert not list(tmp_path.rglob("*.tmp"))
    first = seesaw.bench(tiny_track, "lora", "--seeds", "0")
    assert not first[0]["fresh"]


@pytest.mark.slow
def test_data_order_and_heads_are_the_same_for_every_method(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    seesaw.bench(tiny_track, "lora", "smora", "--seeds", "0,1", "--tasks", "topic,similarity")
    records = Store(str(tmp_path / "runs")).scan().records
    curves = {(r.spec.method, r.spec.seed): r.loss_curve[0] for r in records}
    # before the first update B is zero, so both methods have the same loss to the last digits
    assert curves["lora", 0][1] == pytest.approx(curves["smora", 0][1], rel=1e-5)
    assert curves["lora", 0] != curves["lora", 1]
    assert len({r.tokens for r in records if r.spec.seed == 0}) == 1


def test_a_run_that_fails_is_recorded_tried_again_and_fails_the_call(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    text = tiny_track.read_text().replace("learning_rate = 6e-4", "learning_rate = 1e30")
    tiny_track.write_text(text.replace("clip_norm = 1.0", "clip_norm = 1e30"))
    for attempt in (1, 2):
        (outcome,) = seesaw.bench(tiny_track, "lora", fails=True)
        assert outcome["status"] == "diverged"
        assert "loss is nan at step" in outcome["error"]
        assert outcome["path"].endswith(f"-{attempt}")
    assert len(Store(str(tmp_path / "runs")).scan().records) == 2


def test_dry_run_trains_nothing(seesaw: Seesaw, tiny_track: Path, tmp_path: Path) -> None:
    answer = json.loads(
        seesaw("bench", "lora", "smora", "--track", str(tiny_track), "--dry-run", "--json")
    )
    assert [plan["spec"]["method"] for plan in answer] == ["lora", "smora"]
    assert all(plan["parameters"] == 2_654_208 and plan["seconds"] > 0 for plan in answer)
    assert not (tmp_path / "runs").exists()
    assert "about" in seesaw("bench", "lora", "--track", str(tiny_track), "--dry-run")


@pytest.mark.slow
def test_a_smaller_budget_and_options_are_other_entries(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    seesaw.bench(
        tiny_track, "smora[active=4,score=softmax]", "--budget", "166k", "--tasks", "topic"
    )
    (record,) = Store(str(tmp_path / "runs")).scan().records
    assert record.folder == "tiny@1-topic/166000/smora+active=4+score=softmax"
    assert record.parameters is not None
    assert 0.98 * 166_000 <= record.parameters.adapter <= 166_000 * 1.0025


@pytest.mark.slow
def test_a_track_may_put_updates_beside_blocks(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    """The form of ASE's paper: experts beside the block, a plain LoRA on every linear."""
    text, (old,) = tiny_track.read_text(), re.findall(r"adapted = .*", tiny_track.read_text())
    reads = r"""reads = {'(encoder\.layer\.\d+)\.output\.dense' = '\1.intermediate.dense'}"""
    tiny_track.write_text(text.replace(old, f"{old}\n{reads}\nbackbone_rank = 4"))
    outcomes = seesaw.bench(tiny_track, "ase", "lora", "--budget", "1.2M", "--tasks", "topic")
    assert [outcome["status"] for outcome in outcomes] == ["ok", "ok"]
    answer = seesaw("verify", "--store", "runs", "--track", str(tiny_track))
    assert "2 of 2 records are as they say" in answer
    ase = next(r for r in Store(str(tmp_path / "runs")).scan().records if r.spec.method == "ase")
    pairs = [
        f"encoder.layer.{i}.intermediate.dense -> encoder.layer.{i}.output.dense" for i in range(6)
    ]
    assert sorted(ase.routing) == pairs
    with pytest.raises(RequestError, match="puts updates beside whole blocks"):
        seesaw(
            "export",
            outcomes[1]["path"],
            "--task",
            "topic",
            "--to",
            "x",
            "--track",
            str(tiny_track),
        )


@pytest.mark.slow
def test_every_method_and_control_runs_and_verifies(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    outcomes = seesaw.bench(tiny_track, "all", "controls", "--tasks", "topic,similarity")
    assert [o["status"] for o in outcomes] == ["ok"] * len(method_names()), outcomes
    records = {r.spec.method: r for r in Store(str(tmp_path / "runs")).scan().records}
    assert set(records) == set(method_names())
    first = {name: record.loss_curve[0][1] for name, record in records.items()}
    for name in ("lora", "head_only", "full", "lora_per_task"):  # no auxiliary loss, B is zero
        assert first[name] == pytest.approx(first["smora"], rel=1e-5), name
    assert records["ase"].told_task
    assert not records["molora"].told_task
    checked = seesaw("verify", "--store", "runs", "--track", str(tiny_track))
    assert f"{len(records)} of {len(records)} records are as they say" in checked


@pytest.mark.slow
def test_a_remembered_request_imports_no_torch_and_forgets_what_changed(toy_track: Toy) -> None:
    code = (
        "import sys; from seesaw.commands import app; app(standalone_mode=False);"
        "print(sorted(sys.modules))"
    )
    command = [sys.executable, "-c", code, *map(str, toy_track.arguments("lora"))]

    def loaded() -> bool:
        done = subprocess.run(
            command, cwd=toy_track.folder, check=True, capture_output=True, text=True
        )
        return "'torch'" in done.stdout

    toy_track.bench("lora")
    assert not loaded()
    toy_track.set(steps=2)
    assert toy_track.bench("lora")[0]["fresh"]
    assert len(Store(str(toy_track.runs)).scan().records) == 2
    assert not loaded()
    for written in toy_track.runs.glob("toy@1*/**/*.json"):
        written.unlink()
    assert toy_track.bench("lora")[0]["fresh"]
