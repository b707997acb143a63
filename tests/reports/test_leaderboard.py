"""The leaderboard from synthetic records."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from records import outcomes_of, record, spec, speed_record

from seesaw.reports import leaderboard
from seesaw.reports.evidence import stored
from seesaw.reports.leaderboard import build
from seesaw.suite.records.store import Scan, Store


def written(store: Store, out: Path) -> list[Path]:
    """The pages of all records of a store, whether they verify or not."""
    scan = store.scan()
    return build(scan.records, scan, out)


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


def test_rows_blocks_and_baselines(results: Store, tmp_path: Path) -> None:
    written(results, tmp_path / "reports")
    text = (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    assert "Not tuned: every entry has the track's own settings." in text
    how, *sections = text.split("\n## ")[1:]
    assert how.startswith("How to read this")
    assert [s.splitlines()[0] for s in sections] == [
        "sentences@1, 1,000 parameters",
        "sentences@1, 50 parameters",
    ]
    agnostic, told = sections[0].split("### Entries ")[1:]
    assert agnostic.startswith("not told the task")
    verdict, by_task = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in agnostic.splitlines()
        if line.startswith("| smora")
    )
    assert verdict[0] == "smora"
    assert verdict[1].startswith("76.0 (")
    assert verdict[-5:] == ["1,000", "500", "3", "1.25", "2"]
    assert by_task == ["smora", "76.0 ± 1.4", "76.0 ± 1.4", "76.0 ± 1.4", "76.0", "1"]
    assert "| moelora " in told
    assert "| moelora " not in agnostic
    assert "*constant answer* |" in told.replace("  ", "")
    assert "boom" not in text


def test_entries_under_other_conditions_are_not_ranked_and_what_differs_is_said(
    results: Store, tmp_path: Path
) -> None:
    shorter = spec("lora").model_copy(update={"recipe": {"steps": 2}})
    other = shorter.model_copy(update={"data_sha256": {"a": "2" * 64, "b": "0" * 64}})
    active = spec("lora").model_copy(update={"budget_kind": "active"})
    for own in (shorter, other, active):
        results.add(record(outcomes_of(), own), {".parquet": outcomes_of()})
    written(results, tmp_path / "reports")
    text = (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    said = [line for line in text.splitlines() if line.startswith("Not ranked with")]
    assert len(said) == 2
    assert sum("recipe.steps is 2 here, 3 there" in line for line in said) == 2
    assert sum("sha256.a is 222" in line for line in said) == 1
    assert "## sentences@1, 1,000 active parameters" in text


def test_a_seed_that_diverged_counts_as_the_frozen_backbone(results: Store, tmp_path: Path) -> None:
    for seed in (0, 1, 2):
        frozen = record(outcomes_of(), spec("head_only", seed), 0.25, "none")
        results.add(frozen, {".parquet": outcomes_of()})
    results.add(record(None, spec("smora", 2), status="diverged", error="loss is nan"))
    results.add(record(None, spec("smora", 1), status="diverged", error="it was an older state"))
    results.add(record(None, spec("ase", 0), status="diverged", error="loss is nan"))
    none = {"config": {}}
    for method in ("mode", "smora"):  # the second fits by now
        other = spec(method).model_copy(update=none)
        results.add(record(None, other, status="refused", error="the nearest sizes are 1 | 2"))
    written(results, tmp_path / "reports")
    text = (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    (said,) = [line for line in text.splitlines() if line.startswith("Diverged")]
    assert said.endswith("is there: `ase` seed 0, `smora` seed 2.")
    assert "Does not fit this budget: `mode`, the nearest sizes are 1 \\| 2." in text
    verdict, by_task, *_ = (line for line in text.splitlines() if line.startswith("| smora "))
    assert verdict.endswith("| 3, 1 of them diverged |")
    assert "59.0 (" in verdict  # of 75, 77 and 25
    assert "| 59.0 ± " in by_task
    assert "| ase " not in text


def test_csv_and_figure(results: Store, tmp_path: Path) -> None:
    written(results, tmp_path / "reports")
    frame = pd.read_csv(tmp_path / "reports" / "LEADERBOARD.csv")
    assert len(frame) == 3 * 2
    smora = frame[(frame.entry == "smora") & (frame.budget == 1000) & (frame.task == "a")].iloc[0]
    assert smora["mean"] == pytest.approx(76.0)
    assert smora["sd"] == pytest.approx(1.4142, abs=1e-4)
    assert (smora["seeds"], smora["constant"], smora["step_ratio"]) == (2, 50.0, 1.25)
    (figure,) = (tmp_path / "reports" / "figures").glob("*.svg")
    assert figure.read_text().count("<svg") == 1
    assert f"](figures/{figure.name})" in (tmp_path / "reports" / "LEADERBOARD.md").read_text()
    papers = [path.suffix for path in (tmp_path / "reports" / "site" / "figures").iterdir()]
    assert papers.count(".pdf") == papers.count(".svg") > 1


def test_speed_page(results: Store, tmp_path: Path) -> None:
    measured = {"saved_per_token": 226.0, "peak_memory": 300, "lora_peak_memory": 200}
    results.add(speed_record(ratio=1.5, references={"a loop": 4.5}, **measured))
    written(results, tmp_path / "reports")
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


def test_the_same_records_make_the_same_files(results: Store, tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in written(results, tmp_path / "reports")}
    again = {path: path.read_bytes() for path in written(results, tmp_path / "reports")}
    assert first == again


@pytest.mark.slow
def test_other_processes_find_and_write_the_same(
    results: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan, found = results.scan(), []
    for few in (9, 0):
        monkeypatch.setattr(leaderboard, "FEW", few)
        monkeypatch.setattr(leaderboard, "cpus", lambda: 2)
        build(scan.records, scan, tmp_path / "reports", pulls=stored(results))
        files = sorted(path for path in (tmp_path / "reports").rglob("*") if path.is_file())
        found.append({path: path.read_bytes() for path in files})
    assert found[0] == found[1]
    assert any(path.suffix == ".pdf" for path in found[0])


def test_without_records_there_is_still_a_page(tmp_path: Path) -> None:
    build([], Scan(), tmp_path)
    assert "No records yet" in (tmp_path / "LEADERBOARD.md").read_text()


def test_texts_of_others_do_nothing_on_a_page(tmp_path: Path) -> None:
    store, evil = Store(str(tmp_path / "results")), "a|b<script>*x*[y](z)\x1b[2J\n| row |"
    machine = record(None).provenance.model_copy(update={"machine": evil})
    store.add(speed_record(provenance=machine, references={evil: 4.5}))
    written(store, tmp_path)
    page = (tmp_path / "SPEED.md").read_text()
    shown = r"a\|b&lt;script&gt;\*x\*\[y\](z)\\x1b\[2J\\n\| row \|"
    assert page.count(shown) == 2
    assert "\x1b" not in page


def test_only_the_newest_attempt_counts(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "results"))
    for score in (0.5, 0.75):
        store.add(record(outcomes_of(), spec(), score), {".parquet": outcomes_of()})
    written(store, tmp_path)
    frame = pd.read_csv(tmp_path / "LEADERBOARD.csv")
    assert frame["mean"].tolist() == [75.0, 75.0]
    assert frame["seeds"].tolist() == [1, 1]


def test_other_conditions_are_another_board(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "results"))
    other = spec().model_copy(update={"recipe": {"steps": 4}})
    for of in (spec(), other):
        store.add(record(outcomes_of(), of), {".parquet": outcomes_of()})
    written(store, tmp_path)
    assert (tmp_path / "LEADERBOARD.md").read_text().count("\n## sentences@1") == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tracks", "methods"),
    [(1, 10), pytest.param(4, 50, marks=pytest.mark.large, id="ten_thousand_records")],
)
def test_many_records_make_the_table_without_torch(
    tmp_path: Path, tracks: int, methods: int
) -> None:
    tasks = tuple("abcdefgh")
    content = record(None, spec(tasks=tasks))
    for track in range(tracks):
        for budget in (1000, 2000, 4000, 8000, 16000):
            for method in range(methods):
                for seed in range(10):
                    of = spec(f"method{method}", seed, f"track{track}@1", budget, tasks)
                    one = content.model_copy(update={"id": of.id, "spec": of})
                    path = tmp_path / "results" / f"{one.path}.json"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(one.model_dump_json())
    code = (
        "import sys, pathlib; from seesaw.reports.leaderboard import build;"
        "from seesaw.suite.records.store import Store; scan = Store('results').scan();"
        "build(scan.records, scan, pathlib.Path('.'));"
        "print({'torch', 'transformers', 'peft'} & set(sys.modules))"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    assert done.stdout.strip() == "set()"
    assert len(pd.read_csv(tmp_path / "LEADERBOARD.csv")) == tracks * 5 * methods * 8
    size = sum(path.stat().st_size for path in (tmp_path / "site").rglob("*") if path.is_file())
    print(f"{50 * methods * tracks:,} records in {seconds:.1f} s, a site of {size / 1e6:.1f} MB")
