"""The page of trials, from synthetic ones."""

from __future__ import annotations

from itertools import combinations
from statistics import mean

import pytest
from records import record, spec

from seesaw.reports.tuning import markdown, tunings
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned

RATES = (1e-4, 3e-4, 1e-3, 3e-3)


def trial(method: str, number: int, score: float | None, space: str = "0" * 12) -> Record:
    rate = RATES[number - 1] if number else 5e-4
    point = Tuned(space=space, trials=4, number=number, values={"learning_rate": rate}, trial=True)
    of = spec(method).model_copy(update={"tuned": point, "recipe": {"learning_rate": rate}})
    own = record(None, of, 0.5 if score is None else score)
    if score is None:
        return own.model_copy(update={"status": "diverged", "error": "boom", "tasks": {}})
    tasks = {
        name: t.model_copy(update={"test": {}, "constant": {}}) for name, t in own.tasks.items()
    }
    return own.model_copy(update={"tasks": tasks})


SCORES = {"lora": (0.5, 0.7, 0.6, 0.4), "smora": (0.6, 0.8, 0.82, None)}


@pytest.fixture
def trials() -> list[Record]:
    tried = [
        trial(method, number, score)
        for method, scores in SCORES.items()
        for number, score in enumerate(scores, start=1)
    ]
    return [trial("lora", 0, 0.6), *tried]


def cells(page: str, entry: str) -> list[str]:
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {entry} ")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_expected_best_is_the_mean_over_all_choices_of_trials(trials: list[Record]) -> None:
    lora = cells(markdown(trials), "lora")
    assert lora[:4] == ["lora", "4/4", "learning_rate 0.0003", ""]
    gains = [100 * (score / 0.6 - 1) for score in SCORES["lora"] if score is not None]
    for cell, count in zip(lora[4:], (1, 2, 4), strict=True):
        expected = mean(max(chosen) for chosen in combinations(gains, count))
        value, low, high = (
            float(x) for x in cell.replace("(", "").replace(")", "").replace("to ", "").split()
        )
        assert value == pytest.approx(expected, abs=0.051)
        assert -100 <= low <= value <= high <= 67


def test_a_failed_trial_has_lost_all_and_the_edge_is_said(trials: list[Record]) -> None:
    smora = cells(markdown(trials), "smora")
    assert smora[:4] == ["smora", "3/4", "learning_rate 0.001", ""]
    without = [own for own in trials if own.spec.tuned is not None and own.spec.tuned.number != 1]
    assert cells(markdown(without), "lora")[3] == "yes"


def test_other_spaces_stand_apart_and_nothing_is_relative_to_no_reference(
    trials: list[Record],
) -> None:
    other = [trial("lora", number, 0.6, "1" * 12) for number in (1, 2)]
    assert [own.space for own in tunings([*trials, *other])] == ["0" * 12]
    other.append(trial("lora", 0, 0.6, "1" * 12))
    assert [own.space for own in tunings([*trials, *other])] == ["0" * 12, "1" * 12]
    assert "No trials yet." in markdown([record(None)])
