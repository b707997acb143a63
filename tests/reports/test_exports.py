"""Boards as JSON and as LaTeX, with names that mean something to both."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from records import record, spec

from seesaw.reports.boards import boards
from seesaw.reports.evidence import unknown
from seesaw.reports.exports import as_json, as_latex, escaped
from seesaw.reports.judgement import Judgement
from seesaw.suite.records.record import Record

HOSTILE = r"a_b & 50% \input{x} $y$ #1 ~^<script>"


def judged(*runs: Record) -> Judgement:
    (board,) = boards(runs)
    return Judgement(board, unknown)


def run(method: str, seed: int, score: float, tasks: tuple[str, ...] = ("a", "b")) -> Record:
    return record(None, spec(method, seed, tasks=tasks), score + 0.01 * seed)


RUNS = [
    run(name, seed, score) for name, score in (("lora", 0.6), ("smora", 0.8)) for seed in range(5)
]


def test_json_holds_intervals_verdicts_ranks_and_records() -> None:
    (board,) = json.loads(as_json([judged(*RUNS)]))
    lora, smora = board["entries"]
    assert (board["overall"], board["items_counted"], board["tuned"]) == ("average", False, None)
    assert smora["overall"]["low"] <= smora["overall"]["mean"] == 82.0 <= smora["overall"]["high"]
    assert smora["verdicts"]["LoRA"]["verdict"] == "better"
    assert lora["verdicts"] == {}
    assert (smora["rank"]["best"], lora["rank"]["worst"]) == (1, 2)
    assert smora["records"] == [own.path for own in RUNS if own.spec.method == "smora"]
    assert smora["tasks"]["a"]["mean"] == 82.0


def test_one_seed_has_no_interval_and_no_verdict() -> None:
    (board,) = json.loads(as_json([judged(run("lora", 0, 0.6), run("smora", 0, 0.7))]))
    for entry in board["entries"]:
        assert (entry["overall"], entry["rank"], entry["verdicts"]) == (None, None, {})


def document(table: str) -> str:
    packages = "\\documentclass{article}\\usepackage{booktabs}\\usepackage[T1]{fontenc}"
    return f"{packages}\\begin{{document}}\n{table}\\end{{document}}\n"


def plain(latex: str) -> bool:
    """Whether nothing of it is left, besides escapes, that LaTeX would act on."""
    rest = re.sub(r"\\(text\w+|[&%$#_{}])(\{\})?|\$\\pm\$", "", latex)
    return not set(rest) & set("\\&%$#_{}~^")


def test_every_text_is_text_in_latex(tmp_path: Path) -> None:
    assert plain(escaped(HOSTILE))
    own = judged(*(run("a_b", seed, 0.7, ("a_b", "c d.e")) for seed in range(2)))
    table = as_latex(own)
    rows = [line.removesuffix(r" \\") for line in table.splitlines() if line.endswith(r"\\")]
    cells = [re.split(r"(?<!\\)&", row) for row in rows]
    assert [len(row) for row in cells] == [9, 9]
    assert all(plain(cell) for row in cells for cell in row)
    if (compiler := shutil.which("tectonic") or shutil.which("pdflatex")) is None:
        pytest.skip("no LaTeX here; the table was parsed alone")
    (tmp_path / "table.tex").write_text(document(f"{table}\n{escaped(HOSTILE)}\n"))
    subprocess.run([compiler, "table.tex"], cwd=tmp_path, check=True, capture_output=True)
