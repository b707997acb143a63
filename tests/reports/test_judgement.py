"""Verdicts, ranks and groups of small boards whose truth is plain to see."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from records import record, spec

from seesaw.reports.board import Board
from seesaw.reports.board_page import tuning_line
from seesaw.reports.boards import boards
from seesaw.reports.evidence import stored
from seesaw.reports.judgement import Judgement
from seesaw.reports.leaderboard import build
from seesaw.reports.table import markdown
from seesaw.reports.task_table import seesaw_table
from seesaw.reports.verdict_table import verdict_table
from seesaw.suite.records.record import Record, TaskResult
from seesaw.suite.records.spec import Tuned
from seesaw.suite.records.store import Store

ITEMS = 400
TASKS = ("a", "b")


def run(
    method: str, seed: int, share: float, tasks: tuple[str, ...] = TASKS
) -> tuple[Record, bytes]:
    """A run that answers about `share` of the test items right; hard ones are hard for all runs."""
    rng = np.random.default_rng([1, seed, *method.encode()])
    hard = np.random.default_rng(0).random((len(tasks), ITEMS))
    frames, results = [], {}
    for task, own in zip(tasks, hard, strict=True):
        right = own + 0.03 * rng.standard_normal(ITEMS) < share
        test = pd.DataFrame({"row": range(ITEMS), "prediction": right * 1.0, "target": 1.0})
        frames.append(test.assign(split="test", task=task))
        score = {"accuracy": float(right.mean())}
        results[task] = TaskResult(
            n=ITEMS, primary="accuracy", test=score, dev=score, constant={"accuracy": 0.5}
        )
    buffer = io.BytesIO()
    pd.concat(frames).to_parquet(buffer, index=False)
    content = buffer.getvalue()
    return record(content, spec(method, seed, tasks=tasks), tasks=results), content


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "results"))


def fill(store: Store, entries: dict[str, float], seeds: int = 5) -> None:
    for method, share in entries.items():
        for seed in range(seeds):
            one, content = run(method, seed, share)
            store.add(one, {".parquet": content})


def judged(store: Store) -> tuple[Board, Judgement]:
    (board,) = boards(store.scan().records)
    return board, Judgement(board, stored(store))


ENTRIES = {"lora": 0.7, "smora": 0.9, "mode": 0.5, "malora": 0.7}


def test_far_entries_are_told_apart_and_near_ones_share_rank_and_letter(store: Store) -> None:
    fill(store, ENTRIES)
    board, found = judged(store)
    keys = {entry.name: entry.key for entry in board.entries}
    verdicts = {name: found.against["LoRA"].get(key) for name, key in keys.items()}
    assert verdicts["lora"] is None
    said = {name: own.verdict for name, own in verdicts.items() if own is not None}
    assert (said["smora"], said["mode"]) == ("better", "worse")
    assert said["malora"] in ("equivalent", "inconclusive")
    ranks = {name: found.ranks[key] for name, key in keys.items()}
    assert {name: str(rank) for name, rank in ranks.items()} == {
        "smora": "1", "lora": "2 to 3", "malora": "2 to 3", "mode": "4",
    }  # fmt: skip
    assert {name: rank.groups for name, rank in ranks.items()} == {
        "smora": "a", "lora": "b", "malora": "b", "mode": "c",
    }  # fmt: skip


def test_items_are_the_larger_part_of_a_mean_and_cancel_in_a_difference(store: Store) -> None:
    fill(store, ENTRIES)
    board, found = judged(store)
    lora, malora = (e for e in board.entries if e.name in ("lora", "malora"))
    alone, together = found.interval(lora), found.pairs.against(lora.key, [malora.key])
    assert alone is not None
    assert alone.with_items
    gain = together[malora.key].gain
    assert alone.high - alone.low > 2 * (gain.high - gain.low)


def test_without_outcomes_seeds_alone_count(store: Store, tmp_path: Path) -> None:
    fill(store, ENTRIES)
    board, with_items = judged(store)
    entry = board.entries[0]
    wide, knew = with_items.interval(entry), with_items.evidence.knows_items
    for path in tmp_path.rglob("*.parquet"):
        path.unlink()
    _, without = judged(store)
    narrow = without.interval(entry)
    assert wide is not None
    assert narrow is not None
    assert (wide.with_items, narrow.with_items) == (True, False)
    assert wide.high - wide.low > narrow.high - narrow.low
    assert (knew, without.evidence.knows_items) == (True, False)


def test_few_seeds_have_no_rank_and_one_has_no_interval(store: Store) -> None:
    fill(store, ENTRIES, seeds=2)
    one, content = run("moelora", 0, 0.6)
    store.add(one, {".parquet": content})
    board, found = judged(store)
    assert found.ranks == {}
    (alone,) = [entry for entry in board.entries if entry.name == "moelora"]
    assert found.interval(alone) is None
    assert alone.key not in found.against["LoRA"]


def test_what_falls_is_told_by_task(store: Store) -> None:
    for seed in range(5):
        for method, shares in (("lora_per_task_full", (0.8, 0.6)), ("smora", (0.6, 0.61))):
            each = zip(TASKS, shares, strict=True)
            parts = [run(method, seed, share, (task,)) for task, share in each]
            frames = [pd.read_parquet(io.BytesIO(content)) for _, content in parts]
            buffer = io.BytesIO()
            pd.concat(frames).to_parquet(buffer, index=False)
            tasks = {name: task for one, _ in parts for name, task in one.tasks.items()}
            own = record(buffer.getvalue(), spec(method, seed), tasks=tasks)
            store.add(own, {".parquet": buffer.getvalue()})
    board, found = judged(store)
    entries = {entry.name: entry for entry in board.entries}
    falls = found.falls(entries["smora"])
    assert falls is not None
    assert list(falls) == ["a"]
    assert falls["a"].gain.mean == pytest.approx(-20, abs=3)
    assert found.falls(entries["lora_per_task_full"]) is None
    table = seesaw_table(found, board.entries)
    assert table is not None
    page = markdown(table)
    assert "▼" in page
    assert "lora_per_task_full" not in page
    delta = found.delta_m(entries["smora"])
    assert delta is not None
    assert delta.low < 100 * (0.6 / 0.8 + 0.61 / 0.6 - 2) / 2 < delta.high


def test_the_page_says_it_before_the_first_table(store: Store, tmp_path: Path) -> None:
    fill(store, ENTRIES)
    scan = store.scan()
    build(scan.records, scan, tmp_path / "out", pulls=stored(store))
    text = (tmp_path / "out" / "LEADERBOARD.md").read_text()
    section = text[text.index("## sentences@1") : text.index("### Entries")]
    assert re.search(r"- \*\*Better than LoRA\*\*: `smora` \(\+\d+\.\d\)\.", section)
    assert re.search(r"- \*\*Worse than LoRA\*\*: `mode` \(-\d+\.\d\)\.", section)
    assert "alone." not in section
    rows = text[text.index("### Entries") :].splitlines()
    (row,) = [line for line in rows if line.startswith("| smora") and "better" in line]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == "▲ better"
    assert cells[4:6] == ["1", "a"]


def test_a_board_of_many_entries_is_not_told_apart_in_pairs(store: Store) -> None:
    content = record(None)
    for method in range(200):
        for seed in range(2):
            of = spec(f"method{method}", seed)
            store.add(content.model_copy(update={"id": of.id, "spec": of}))
    _, found = judged(store)
    assert (found.ranks, found.against) == ({}, {})


def test_tuned_entries_are_a_board_of_their_own_with_their_settings(store: Store) -> None:
    fill(store, {"lora": 0.7}, seeds=2)
    point = {"space": "0" * 12, "trials": 8, "number": 3, "trial": False}
    for method, rate, edge in (("lora", 0.01, False), ("smora", 0.002, True)):
        for seed in range(2):
            one, content = run(method, seed, 0.8)
            tuned = Tuned(**point, values={"learning_rate": rate}, edge=edge)
            recipe = one.spec.recipe | {"learning_rate": rate}
            of = one.spec.model_copy(update={"tuned": tuned, "recipe": recipe})
            own = one.model_copy(update={"id": of.id, "spec": of})
            store.add(own, {".parquet": content})
            trial = of.model_copy(update={"tuned": tuned.model_copy(update={"trial": True})})
            store.add(own.model_copy(update={"id": trial.id, "spec": trial}), {".parquet": content})
    found = boards(store.scan().records)
    (tuned_board,) = [board for board in found if board.entries[0].tuned]
    assert len(found) == 2
    assert [len(entry.seeds) for entry in tuned_board.entries] == [2, 2]
    assert "best of 8 trials" in tuning_line(tuned_board)
    assert "†" in tuning_line(tuned_board)
    page = markdown(verdict_table(Judgement(tuned_board, stored(store)), tuned_board.entries))
    lines = page.splitlines()
    assert lines[0].rstrip(" |").endswith("settings")
    assert any(
        "learning\\_rate 0.002 †" in line or "learning_rate 0.002 †" in line for line in lines
    )
