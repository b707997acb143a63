"""Language models from the command line: bench, lm-eval on its records, exports, memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import Seesaw, changed
from lms import tiny_t5

from seesaw.methods.registry import UnknownName
from seesaw.suite.plan.request import RequestError
from seesaw.suite.records.store import Store

LM = Path(__file__).parents[3] / "tasks" / "weights" / "stories-lm"
TASKS = ["edit", "translation", "arithmetic", "sorting", "lookup", "tracking", "entailment"]


@pytest.fixture
def tiny_stories(tmp_path: Path) -> Path:
    """`stories@1` cut to a few examples and three steps, on the real LM."""
    sizes = {"train": 24, "dev": 2, "test": 4, "steps": 3, "batch_size": 8}
    return changed("stories@1", tmp_path / "few.toml", name='"few"', **sizes)


@pytest.mark.slow
def test_from_bench_to_lm_eval(
    seesaw: Seesaw, tiny_stories: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = ["smora", "moelora", "head_only"]
    answer = seesaw.bench(tiny_stories, *methods)
    assert [run["status"] for run in answer] == ["ok"] * 3, [run["error"] for run in answer]
    store = Store("runs")
    records = {record.spec.method: record for record in store.scan().records}
    for record in records.values():
        assert list(record.tasks) == [*TASKS, "analogy"]
        assert record.forgetting is not None
        assert record.forgetting.before == records["smora"].forgetting.before  # type: ignore[union-attr]
    frozen, smora = records["head_only"], records["smora"]
    assert frozen.forgetting is not None
    assert frozen.forgetting.after == frozen.forgetting.before
    assert frozen.parameters is not None
    assert frozen.parameters.adapter == frozen.steps == 0
    assert smora.cost is not None
    assert smora.cost.tokens_per_s
    assert not json.loads(seesaw("verify", "--store", "runs", "--track", tiny_stories, "--json"))[
        smora.path
    ]

    paths = {name: f"runs/{record.path}.json" for name, record in records.items()}
    own = ("--track", str(tiny_stories), "--limit", "4", "--json")
    found = json.loads(
        seesaw("evaluate", paths["smora"], "--tasks", "seesaw_stories_tracking", *own)
    )
    assert 0 <= found["seesaw_stories_tracking"]["acc,none"] <= 1
    told = ("evaluate", paths["moelora"], "--tasks", "seesaw_stories_edit", *own)
    with pytest.raises(RequestError, match="is told the task: say whose routing to use"):
        seesaw(*told)
    with pytest.raises(RequestError, match="unknown task 'sing'"):
        seesaw(*told, "--as-task", "sing")
    assert "seesaw_stories_edit" in seesaw(*told, "--as-task", "edit")
    assert "seesaw_stories_edit" in seesaw(*told, "--base")
    with pytest.raises(UnknownName, match=r"unknown task of lm-eval 'ark_easy'.*arc_easy"):
        seesaw("evaluate", paths["smora"], "--tasks", "ark_easy", *own)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(RequestError, match=r"cannot evaluate on arc_easy: .*allenai/ai2_arc"):
        seesaw("evaluate", paths["smora"], "--tasks", "arc_easy", *own)

    seesaw("export", paths["moelora"], "--task", "edit", "--to", "lora", "--track", tiny_stories)
    assert not Path("lora/head.safetensors").exists()
    seesaw("export", paths["smora"], "--to", "own", "--track", tiny_stories)
    assert json.loads(Path("own/adapter_config.json").read_text())["peft_type"] == "SEESAW_SMORA"
    _stock_and_ours()


def _stock_and_ours() -> None:
    """The two command lines of the documentation, in processes of their own."""
    tasks = Path(__file__).parents[3] / "tasks" / "lm_eval"
    shared = ["--tasks", "seesaw_stories_edit,seesaw_stories_tracking", "--limit", "3"]
    shared += ["--batch_size", "2", "--device", "cpu", "--include_path", str(tasks)]
    lines = [
        [sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args",
         f"pretrained={LM},peft=lora", *shared],
        [sys.executable, "-m", "seesaw", "lm-eval", "--model", "seesaw",
         "--model_args", f"pretrained={LM},peft=own", *shared],
    ]  # fmt: skip
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    for line in lines:
        done = subprocess.run(line, capture_output=True, text=True, env=offline, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "seesaw_stories_tracking" in done.stdout


@pytest.mark.slow
def test_a_run_reproduces_itself(seesaw: Seesaw, tiny_stories: Path) -> None:
    hashes = []
    for folder in ("one", "two"):
        seesaw.bench(tiny_stories, "smora", "--runs", folder, "--tasks", "edit,entailment")
        (record,) = Store(folder).scan().records
        hashes.append(record.outcomes_sha256)
    assert hashes[0] == hashes[1]


def test_memory_is_told_part_by_part(seesaw: Seesaw) -> None:
    shown = seesaw(
        "budgets", "lora", "smora", "--memory", "4x2048", "--backbone", "llama-2-7b",
        "--like", "lora[r=64]",
    )  # fmt: skip
    rows = [line.split() for line in shown.splitlines() if "llama-2-7b" in line]
    assert [row[1] for row in rows] == ["lora", "smora"]
    for row in rows:
        parts = [float(cell) for cell in row[2:]]
        assert parts[-1] == pytest.approx(sum(parts[:-1]), abs=0.05)
        assert parts[0] == pytest.approx(2 * 6.738e9 / 2**30, abs=0.01)
        assert parts[-1] < 74  # one GPU of 80 GB
    with pytest.raises(RequestError, match="vit_base_patch16_224 is no causal language model"):
        seesaw("budgets", "lora", "--memory", "4x2048", "--backbone", "vit_base_patch16_224")
    assert "examples x tokens" in seesaw("budgets", "lora", "--memory", "4", fails=True)


def test_a_quantised_base_takes_less_and_one_linear_is_unpacked_at_a_time(seesaw: Seesaw) -> None:
    asked = ("budgets", "lora", "--memory", "4x2048", "--backbone", "llama-2-7b", "--bits")
    linears, rest, largest = 6.476e9, 0.262e9, 4096 * 11008
    for bits, per_weight in ((8, 1), (4, 0.5625)):
        (row,) = [line.split() for line in seesaw(*asked, bits).splitlines() if "llama" in line]
        found = [float(cell) for cell in row[2:4]]
        wanted = [(per_weight * linears + 2 * rest) / 2**30, 2 * largest / 2**30]
        assert found == pytest.approx(wanted, abs=0.01)
    with pytest.raises(RequestError, match="bits is 3; frozen linears have 16, 8 or 4"):
        seesaw(*asked, 3)


@pytest.mark.slow
def test_commonsense_runs_from_disk_to_both_scores(
    seesaw: Seesaw, tmp_path: Path, shared_data: Path
) -> None:
    for name in ("boolq", "openbookqa"):
        for split, count in (("train", 30), ("test", 6)):
            rows = json.loads(
                (shared_data / f"llm-adapters/dataset/{name}/{split}.json").read_text()
            )
            path = tmp_path / "data" / name / f"{split}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(rows[:count]))
    few = "0\nmost = { dev = 6, test = 6 }"
    track = changed("commonsense-smoke", tmp_path / "own.toml", name='"own"', steps=2, dev_seed=few)
    (run,) = seesaw.bench(track, "smora", "--data", tmp_path / "data")
    assert run["status"] == "ok", run["error"]
    (record,) = Store("runs").scan().records
    assert record.spec.track == "own@1-local2"
    for task in record.tasks.values():
        assert set(task.test) == {"exact_match", "acc", "no_match"}
        assert task.test["exact_match"] <= 1 - task.test["no_match"] + 1e-9


@pytest.mark.parametrize(
    ("track", "feed_forward", "method"),
    [
        ("glue-t5", "relu", "smora"),
        ("glue-t5", "relu", "moelora"),
        ("glue-t5-small", "gated-gelu", "lora"),
    ],
)
def test_glue_runs_as_text_to_text(
    seesaw: Seesaw, tmp_path: Path, track: str, feed_forward: str, method: str
) -> None:
    words = [f"w{n}" for n in range(300)]
    for task, fields in (("cola", ["sentence"]), ("rte", ["sentence1", "sentence2"])):
        (tmp_path / "glue" / task).mkdir(parents=True)
        for split, first, last in (("train", 0, 230), ("validation", 230, 240)):
            rows = dict.fromkeys(fields, words[first:last])
            frame = pd.DataFrame({**rows, "label": [n % 2 for n in range(first, last)]})
            frame.to_parquet(tmp_path / "glue" / task / f"{split}-00000-of-00001.parquet")
    text = [" ".join(words), "cola rte acceptable entailment : sentence"]
    t5 = tiny_t5(tmp_path / "t5", text, feed_forward_proj=feed_forward)
    own = changed(track, tmp_path / "own.toml", name='"own"', steps=2, batch_size=8)
    lines = own.read_text().splitlines()
    own.write_text("\n".join(x for x in lines if not x.startswith(("packaged =", "sha256 ="))))
    given = ("--data", tmp_path / "glue", "--weights", t5, "--budget", "40k")
    (run,) = seesaw.bench(own, method, *given)
    assert run["status"] == "ok", run["error"]
    (record,) = Store("runs").scan().records
    assert record.forgetting is None
    assert list(record.tasks) == ["cola", "rte"]
    assert set(record.tasks["cola"].test) == {"matthews", "exact_match"}
    assert set(record.tasks["rte"].test) == {"exact_match"}
    assert "1 of 1" in seesaw("verify", "--store", "runs", "--track", own, "--weights", t5)
