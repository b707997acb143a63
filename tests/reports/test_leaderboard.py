"""The leaderboard from synthetic records."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import Seesaw
from records import outcomes_of, record, spec, speed_record

from seesaw.suite.records.store import Store


@pytest.fixture
def results(tmp_path: Path) -> Store:
    """Two methods, two seeds each; another budget; a failed run; a damaged file."""
    store = Store(str(tmp_path / "results"))
    for method, score, told in (("smora", 0.75, "token"), ("moelora", 0.5, "task")):
        for seed in (0, 1):
            of = spec(method, seed)
            value = score + 0.02 * seed
            store.add(record(outcomes_of(), of, value, told), {".parquet": outcomes_of()})
    store.add(record(outcomes_of(), spec(budget=50), 0.25), {".parquet": outcomes_of()})
    store.add(record(None, spec("lora"), status="failed", error="boom"))
    store.add(speed_record())
    Path(tmp_path / "results" / "bad.json").write_text("{")
    return store


def test_rows_blocks_and_baselines(seesaw: Seesaw, results: Store, tmp_path: Path) -> None:
    output = seesaw("leaderboard")
    assert "LEADERBOARD.md" in output
    text = (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    assert "Provisional, without ranks" in text
    sections = text.split("\n## ")[1:]
    assert [s.splitlines()[0] for s in sections] == [
        "sentences@1, 1,000 parameters",
        "sentences@1, 50 parameters",
    ]
    agnostic, told = sections[0].split("### Entries ")[1:]
    assert agnostic.startswith("not told the task")
    (row,) = [line for line in agnostic.splitlines() if line.startswith("| smora")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        "smora", "76.0 ± 1.4", "76.0 ± 1.4", "76.0 ± 1.4", "1,000", "300", "500", "1", "1.25", "2",
    ]  # fmt: skip
    assert "| moelora " in told
    assert "| moelora " not in agnostic
    assert "*constant answer* |" in told.replace("  ", "")
    assert "boom" not in text


def test_csv_and_figure(seesaw: Seesaw, results: Store, tmp_path: Path) -> None:
    seesaw("leaderboard", "--json")
    frame = pd.read_csv(tmp_path / "reports" / "LEADERBOARD.csv")
    assert len(frame) == 3 * 2
    smora = frame[(frame.entry == "smora") & (frame.budget == 1000) & (frame.task == "a")].iloc[0]
    assert smora["mean"] == pytest.approx(76.0)
    assert smora["sd"] == pytest.approx(1.4142, abs=1e-4)
    assert (smora["seeds"], smora["constant"], smora["step_ratio"]) == (2, 50.0, 1.25)
    figure = tmp_path / "reports" / "figures" / "sentences@1.svg"
    assert figure.read_text().count("<svg") == 1


def test_speed_page(seesaw: Seesaw, results: Store, tmp_path: Path) -> None:
    measured = {"saved_per_token": 226.0, "peak_memory": 300, "lora_peak_memory": 200}
    results.add(speed_record(ratio=1.5, references={"a loop": 4.5}, **measured))
    seesaw("leaderboard")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (tmp_path / "reports" / "SPEED.md").read_text().splitlines()
        if line.startswith(("| smora", "| *its"))
    ]
    # overhead 1.5 / (12 / 10), floor 12 / 8, gain (4.5 - 0.5) / (1.5 - 0.5)
    assert rows == [
        ["smora", "1.500", "1.200", "1.250", "3.000", "1.500", "226", "1.50"],
        ["smora", "4.00"],
        ["*its step / frozen*", "9.00"],
    ]


def test_the_same_records_make_the_same_files(
    seesaw: Seesaw, results: Store, tmp_path: Path
) -> None:
    answer = json.loads(seesaw("leaderboard", "--json"))
    first = {path: (tmp_path / path).read_bytes() for path in answer["written"]}
    seesaw("leaderboard", "--json")
    assert first == {path: (tmp_path / path).read_bytes() for path in answer["written"]}
    assert list(answer["damaged"]) == [str(tmp_path / "results" / "bad.json")]


def test_without_records_there_is_still_a_page(seesaw: Seesaw, tmp_path: Path) -> None:
    seesaw("leaderboard")
    assert "No records yet" in (tmp_path / "reports" / "LEADERBOARD.md").read_text()


def test_only_the_newest_attempt_counts(tmp_path: Path) -> None:
    from seesaw.reports.leaderboard import build

    store = Store(str(tmp_path / "results"))
    for score in (0.5, 0.75):
        store.add(record(outcomes_of(), spec(), score), {".parquet": outcomes_of()})
    build(str(tmp_path / "results"), tmp_path)
    frame = pd.read_csv(tmp_path / "LEADERBOARD.csv")
    assert frame["mean"].tolist() == [75.0, 75.0]
    assert frame["seeds"].tolist() == [1, 1]


def test_other_conditions_are_another_board(tmp_path: Path) -> None:
    from seesaw.reports.leaderboard import build

    store = Store(str(tmp_path / "results"))
    other = spec().model_copy(update={"recipe": {"steps": 4}})
    for of in (spec(), other):
        store.add(record(outcomes_of(), of), {".parquet": outcomes_of()})
    build(str(tmp_path / "results"), tmp_path)
    assert (tmp_path / "LEADERBOARD.md").read_text().count("\n## sentences@1") == 2


@pytest.mark.slow
def test_ten_thousand_records_make_the_table_without_torch(tmp_path: Path) -> None:
    tasks = tuple("abcdefgh")
    content = record(None, spec(tasks=tasks))
    for track in range(4):
        for budget in (1000, 2000, 4000, 8000, 16000):
            for method in range(50):
                for seed in range(10):
                    of = spec(f"method{method}", seed, f"track{track}@1", budget, tasks)
                    one = content.model_copy(update={"id": of.id, "spec": of})
                    path = tmp_path / "results" / f"{one.path}.json"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(one.model_dump_json())
    code = (
        "import sys, pathlib; from seesaw.reports.leaderboard import build;"
        "build('results', pathlib.Path('.'));"
        "print({'torch', 'transformers', 'peft'} & set(sys.modules))"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    assert done.stdout.strip() == "set()"
    assert len(pd.read_csv(tmp_path / "LEADERBOARD.csv")) == 4 * 5 * 50 * 8
    print(f"10,000 records in {seconds:.1f} s")
