"""The first table, and the order of boards, over records whose scores are plain to see."""

from __future__ import annotations

from itertools import chain, pairwise

from records import COUNTS, record, spec

from seesaw.reports.about import methods
from seesaw.reports.board_page import answer
from seesaw.reports.boards import boards
from seesaw.reports.evidence import unknown
from seesaw.reports.judgement import Judgement
from seesaw.reports.overview import Overview, overview
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned

SCORES = {"lora": 0.7, "smora": 0.9, "mode": 0.5}


def runs(track: str, scores: dict[str, float], tuned: bool = False, seeds: int = 3) -> list[Record]:
    found = []
    for method, score in scores.items():
        for seed in range(seeds):
            own = spec(method, seed, track)
            if tuned:
                at = Tuned(space="0" * 12, trials=4, number=1, values={}, trial=False)
                recipe = own.recipe | {"learning_rate": 1e-3}
                own = own.model_copy(update={"tuned": at, "recipe": recipe})
            found.append(record(None, own, score + seed / 1000 + len(method) * seed / 10000))
    return found


def seen(*found: list[Record]) -> Overview | None:
    return overview([Judgement(b, unknown) for b in boards(chain(*found))])


def columns(found: Overview | None) -> list[str]:
    return [] if found is None else [found.title(own) for own in found.boards]


def test_a_row_says_how_far_an_entry_is_from_lora_on_every_track() -> None:
    first = seen(runs("one@1", SCORES), runs("two@1", SCORES | {"ase": 0.8}))
    assert first is not None
    assert first.table.header == ["entry", "two@1, untuned", "one@1, untuned"]
    rows = {row[0]: row[1:] for row in first.table.rows}
    assert list(rows) == ["lora", "smora", "ase", "mode"]  # LoRA, then those that win
    assert all(cell.startswith("▲ better, +20.0 (+") for cell in rows["smora"])
    assert all(cell.startswith("▼ worse, -20.0 (-") for cell in rows["mode"])
    assert rows["ase"][0].startswith("▲ better, +10.0 (+")
    assert rows["ase"][1] == ""
    assert rows["lora"] == ["70.1", "70.1"]
    for name in rows:
        for own in first.boards:
            entry = first.entry(name, own)
            assert (entry is None) == (first.cell(name, own) is None)
            assert entry is None or entry.name == name


def test_older_versions_turned_dials_and_smaller_budgets_are_left_out() -> None:
    small = [
        own.model_copy(update={"spec": own.spec.model_copy(update={"budget": 10})})
        for own in runs("one@2", SCORES)
    ]
    found = (runs("one@1", SCORES), runs("one@2", SCORES), runs("one@2-conflict1", SCORES), small)
    assert columns(seen(*found)) == ["one@2, untuned"]


def test_a_tuned_board_takes_the_place_of_the_other_once_it_says_as_much() -> None:
    plain, part = runs("one@1", SCORES), {name: SCORES[name] for name in ("lora", "smora")}
    assert columns(seen(plain, runs("one@1", SCORES, tuned=True))) == ["one@1, tuned"]
    assert columns(seen(plain, runs("one@1", part, tuned=True))) == [
        "one@1, tuned",
        "one@1, untuned",
    ]


def test_the_budget_with_most_runs_is_shown() -> None:
    large = [
        own.model_copy(update={"spec": own.spec.model_copy(update={"budget": 4000})})
        for own in runs("one@1", SCORES)
    ]
    first = seen(runs("one@1", SCORES, seeds=5), large)
    assert first is not None
    assert [own.board.budget for own in first.boards] == [1000]


def test_what_the_budget_does_not_hold_stands_below_and_is_marked() -> None:
    large = [
        own.model_copy(update={"parameters": COUNTS.model_copy(update={"adapter": 2000})})
        for own in runs("one@1", {"full": 0.95})
    ]
    first = seen(runs("one@1", SCORES), large)
    assert first is not None
    assert [row[0] for row in first.table.rows] == ["lora", "smora", "mode", "full †"]


def test_what_is_told_the_task_is_marked() -> None:
    told = [own.model_copy(update={"told_task": True}) for own in runs("one@1", {"more": 0.95})]
    first = seen(runs("one@1", SCORES), told)
    assert first is not None
    assert [row[0] for row in first.table.rows] == ["lora", "more ‡", "smora", "mode"]
    (board,) = boards([*runs("one@1", SCORES), *told])
    assert "`more` (+25.0, told the task)" in answer(Judgement(board, unknown))


def test_without_a_comparison_there_is_no_table() -> None:
    assert seen(runs("one@1", {"smora": 0.9})) is None
    assert seen(runs("one@1", SCORES, seeds=1)) is None
    assert seen([]) is None


def test_newest_versions_come_first_then_the_tracks_with_most_runs() -> None:
    found = boards(
        [
            *runs("a@1", SCORES, seeds=5),
            *runs("a@2", SCORES, seeds=2),
            *runs("a@2-conflict0", SCORES, seeds=2),
            *runs("a@10", SCORES, seeds=3),
            *runs("b@1", SCORES, seeds=4),
        ]
    )
    ordered = [board.track for board in found]
    assert ordered == ["b@1", "a@10", "a@1", "a@2", "a@2-conflict0"]
    newer = {board.track: board.newer for board in found}
    assert newer["b@1"] == newer["a@10"] == ""
    assert {newer[track] for track in ("a@1", "a@2", "a@2-conflict0")} == {"a@10"}
    assert all(bool(one.newer) <= bool(other.newer) for one, other in pairwise(found))


def test_every_row_says_what_its_entry_is() -> None:
    first = seen(runs("one@1", SCORES | {"nobodys": 0.6}), runs("two@1", {"lora": 0.7, "ase": 0.8}))
    assert first is not None
    assert set(first.entries) - set(first.says) == {"nobodys"}
    assert first.says["smora"] == methods()["smora"].says


def test_an_answer_says_what_costs_another_size_or_other_operations_than_lora() -> None:
    cost = record(None).cost
    assert cost is not None
    large = COUNTS.model_copy(update={"adapter": 2000})
    dear = cost.model_copy(update={"flops_train": 3 * cost.flops_train})
    others = [
        *(own.model_copy(update={"parameters": large}) for own in runs("one@1", {"full": 0.8})),
        *(own.model_copy(update={"cost": dear}) for own in runs("one@1", {"ase": 0.75})),
    ]
    (board,) = boards([*runs("one@1", SCORES), *others])
    said = answer(Judgement(board, unknown))
    assert "`full` (+10.0, parameters × 2)" in said
    assert "`ase` (+5.0, operations × 3)" in said
    assert "`smora` (+20.0)" in said


def test_entries_with_options_of_their_own_are_left_to_their_board() -> None:
    variant = [
        own.model_copy(update={"spec": own.spec.model_copy(update={"options": {"experts": 4}})})
        for own in runs("one@1", {"molora": 0.8})
    ]
    first = seen(runs("one@1", SCORES), variant)
    assert first is not None
    assert list(first.entries) == ["lora", "smora", "mode"]
