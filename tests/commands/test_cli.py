"""The command line: listings, and what bad input gets."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from conftest import Seesaw
from hypothesis import given
from hypothesis import strategies as st
from records import outcomes_of, record

from seesaw.commands.arguments import parse_count, parse_seeds, split_methods
from seesaw.methods import method_names
from seesaw.suite.checks import CHECKS
from seesaw.suite.costs.backbones import SHOWN_BACKBONES
from seesaw.suite.records.store import Store


@given(st.integers(1, 10**8))
def test_counts_are_read_in_every_notation(n: int) -> None:
    assert parse_count(str(n)) == parse_count(f"{n:,}") == parse_count(f"{n:_}") == n
    assert parse_count(f"{n}k") == 1000 * n
    assert parse_count("2.5M") == 2_500_000


@pytest.mark.parametrize("text", ["", "0", "-3", "12q", "k", "1e5"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a count such as 650k"):
        parse_count(text)


def test_seeds_and_method_lists() -> None:
    assert parse_seeds("0") == [0]
    assert parse_seeds("0,2 4-6") == [0, 2, 4, 5, 6]
    with pytest.raises(typer.BadParameter, match="'a' is not a seed"):
        parse_seeds("0,a")
    controls = split_methods(["controls"])
    assert {"head_only", "full", "molora_uniform"} <= set(controls)
    assert sorted([*split_methods(["all"]), *controls]) == method_names()
    assert split_methods(["lora, smora[active=4,part=2] lora"]) == [
        "lora",
        "smora[active=4,part=2]",
        "lora",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bench", "smroa"], "unknown method 'smroa'; did you mean: "),
        (["bench", "smora[actve=3]"], "unknown field of smora 'actve'; did you mean: active"),
        (["bench", "smora[active=x]"], "smora: active is 'x': Input should be a valid integer"),
        (["bench", "smora[active=99]"], "smora: active is 99; it must be between 1 and r = 64"),
        (["bench", "smora["], "is not of the form name"),
        (["bench", "lora", "--track", "gleu"], "unknown track 'gleu'; did you mean: glue"),
        (
            ["bench", "lora", "--track", "sentences", "--tasks", "topics"],
            "unknown task 'topics' of sentences@2; it has",
        ),
        (
            ["bench", "lora", "--track", "scenes", "--tasks", "depth"],
            "unknown task 'depth' of scenes@2; it has: semseg, human_parts",
        ),
        (["bench", "lora", "--track", "glue", "--data", "no"], "data folder no does not exist"),
        (["bench", "lora[r=3]"], "unknown field of lora 'r'; there is none to set"),
        (["budgets", "lora", "--backbone", "lama-2-7b"], "unknown backbone 'lama-2-7b'; did you"),
        (["bench", "lora", "--weights", "."], "no model.safetensors in ."),
    ],
)
def test_bad_input_is_answered_by_name(seesaw: Seesaw, arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        seesaw(*arguments)


def test_a_budget_that_cannot_be_filled_is_a_row(seesaw: Seesaw) -> None:
    track = ("--track", "sentences", "--budget", "1000", "--json")
    output = seesaw("bench", "lora", *track, fails=True)
    (row,) = json.loads(output[output.index("[\n") :])
    assert (row["status"], row["path"]) == ("failed", None)
    assert "lora cannot fill a budget of 1,000 parameters" in row["error"]


@pytest.mark.slow
def test_an_error_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seesaw", "bench", "smroa"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("seesaw: unknown method 'smroa'; did you mean: ")
    assert "smora" in done.stderr
    assert done.stderr.count("\n") == 1


def test_listings_name_everything(seesaw: Seesaw) -> None:
    methods = json.loads(seesaw("methods", "--json"))
    assert [method["name"] for method in methods] == method_names()
    assert "arXiv 2501.15103" in seesaw("methods")
    assert {"glue", "sentences"} <= {
        track["name"] for track in json.loads(seesaw("tracks", "--json"))
    }
    assert "sentences@2" in seesaw("tracks")


@pytest.mark.slow
def test_budgets_stand_side_by_side(seesaw: Seesaw) -> None:
    rows = json.loads(seesaw("budgets", "all", "--json"))
    assert {row["method"] for row in rows} == set(split_methods(["all"]))
    assert {row["place"] for row in rows} == {
        "scenes@2",
        "sentences@2",
        "stories@2",
        *SHOWN_BACKBONES,
    }
    assert all(row["problem"] or -0.02 <= row["deviation"] <= 0.0025 for row in rows)
    small = [row for row in rows if row["place"] == "sentences@2" and row["budget"] < 2_654_208]
    assert not any(row["problem"] for row in rows if row not in small)
    for counts in (row["parameters"] for row in rows if row not in small):
        parts = counts["experts"] + counts["router"] + counts["task_embedding"]
        assert counts["total"] == parts
    track = ["--track", "sentences"]
    (row,) = json.loads(seesaw("budgets", "lora", *track, "--budget", "10", "--json"))
    assert "nearest sizes are 41,472 (r = 1)" in row["problem"]
    assert "+0.00 %" in seesaw("budgets", "lora", *track, "--budget", "41_472")


@pytest.mark.parametrize(
    ("backbone", "total"),
    [
        ("llama-2-7b", 16 * (4 * 2 * 4096 + 3 * (4096 + 11008)) * 32),
        ("roberta-base", 16 * (4 * 2 * 768 + 2 * (768 + 3072)) * 12),
        ("vit_small_patch16_224", 16 * (4 * 384 + 2 * 384 + 2 * (384 + 1536)) * 12),
    ],
)
def test_budgets_on_a_backbone_without_weights(seesaw: Seesaw, backbone: str, total: int) -> None:
    """Every method fills the budget of LoRA of rank 16 on all linear layers, or says why not."""
    rows = json.loads(seesaw("budgets", "all", "--backbone", backbone, "--json"))
    assert {row["budget"] for row in rows} == {total}
    assert {row["method"] for row in rows} == set(split_methods(["all"]))
    for row in rows:
        assert row["problem"] or -0.02 <= row["deviation"] <= 0.0025
    (lora,) = [row for row in rows if row["method"] == "lora"]
    assert (lora["size"], lora["training_ratio"]) == ({"r": 16}, 1.0)
    (row,) = json.loads(
        seesaw("budgets", "lora", "--backbone", backbone, "--like", "smora[r=8]", "--json")
    )
    assert row["budget"] < total


def test_budgets_beside_blocks_and_their_figure(seesaw: Seesaw, tmp_path: Path) -> None:
    vit = ["--backbone", "vit_small_patch16_224", "--n-tasks", "5", "--params", "3M"]
    beside = ["--beside-blocks", "--backbone-rank", "4"]
    rows = {
        row["method"]: row
        for row in json.loads(seesaw("budgets", "lora", "ase", "smora", *vit, *beside, "--json"))
    }
    assert all(-0.02 <= row["deviation"] <= 0.0025 for row in rows.values())
    assert {name: row["passes"] for name, row in rows.items()} == {"lora": 1, "ase": 5, "smora": 1}
    assert rows["ase"]["training_ratio"] > 4.5
    assert rows["smora"]["inference_ratio"] == pytest.approx(1, abs=1e-3)  # neither merges here
    answer = seesaw("budgets", "lora", "smora", *vit, "--figure", "cost.svg")
    assert "wrote cost.svg" in answer
    assert "vit_small_patch16_224" in (tmp_path / "cost.svg").read_text()


def test_the_budgets_figure_shows_quality_where_records_are(seesaw: Seesaw, tmp_path: Path) -> None:
    Store(str(tmp_path / "results")).add(record(outcomes_of()), {".parquet": outcomes_of()})
    seesaw("budgets", "lora", "--track", "sentences@1", "--figure", "quality.svg")
    assert "test average, points" in (tmp_path / "quality.svg").read_text()
    seesaw("budgets", "lora", "--track", "sentences@1", "--results", "none", "--figure", "cost.svg")
    assert "inference operations / LoRA" in (tmp_path / "cost.svg").read_text()


def test_budgets_come_as_markdown_and_csv(seesaw: Seesaw) -> None:
    places = ["--track", "sentences"]
    arguments = ["budgets", "lora", "smora", *places, "--params", "200k,1_000_000"]
    page = seesaw(*arguments, "--format", "markdown")
    assert page.count("### sentences@2") == 2
    assert "| smora" in page
    rows = list(csv.DictReader(io.StringIO(seesaw(*arguments, "--format", "csv"))))
    assert [(row["method"], row["budget"]) for row in rows] == [
        ("lora", "200000"), ("smora", "200000"), ("lora", "1000000"), ("smora", "1000000"),
    ]  # fmt: skip
    for row in rows:
        assert int(row["total"]) == pytest.approx(int(row["budget"]), rel=0.02)
        assert int(row["active"]) == int(row["active_experts"]) + int(row["active_router"])


def test_verify_names_records_that_are_not_there(seesaw: Seesaw, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    assert "no such record in results" in seesaw("verify", "0-abc-1.json", fails=True)


OWN = '''
from dataclasses import dataclass
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.registry import register

@register
@dataclass
class HalfConfig(GatedConfig):
    """A LoRA at half its scale."""

    name = "half"
    title = "half a LoRA"
    paper = ""

    def place_parameters(self, place, shape, n_tasks):
        return self.lora_parameters(place, shape)

class Half(Gated, config=HalfConfig):
    def gate(self, x, logits, state):
        return x.new_full((*x.shape[:-1], self.rank), 0.5)
'''


@pytest.mark.slow
def test_an_outside_package_is_checked_and_benched_without_touching_this_one(
    tmp_path: Path, tiny_track: Path
) -> None:
    """A module by its name, and a package by its entry point, in processes of their own."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "__init__.py").write_text("")
    (tmp_path / "outside" / "half.py").write_text(OWN)
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    run = [sys.executable, "-m", "seesaw"]
    checked = subprocess.run(
        [*run, "check", "outside.half"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("ok ") == len(CHECKS)
    (info / "entry_points.txt").write_text("[seesaw.methods]\nhalf = outside.half\n")
    benched = subprocess.run(
        [*run, "bench", "half", "--track", str(tiny_track), "--tasks", "topic", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert benched.returncode == 0, benched.stderr
    (outcome,) = json.loads(benched.stdout)
    assert outcome["status"] == "ok"
    assert outcome["parameters"]["adapter"] == 2_654_208
