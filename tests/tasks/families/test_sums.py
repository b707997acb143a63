"""Scores as sums over items: the same scores, and what becomes of them without an item."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seesaw.tasks.families.dense.outcomes import values as dense_values
from seesaw.tasks.families.influence import influences, summed
from seesaw.tasks.families.language.metrics import METRICS as LANGUAGE
from seesaw.tasks.families.language.metrics import score as language_score
from seesaw.tasks.families.text.metrics import METRICS as TEXT

LABELS = st.lists(st.tuples(*2 * [st.integers(0, 3)]), min_size=3, max_size=30)
NUMBERS = st.lists(st.tuples(*2 * [st.integers(-20, 20)]), min_size=3, max_size=30)
ANSWERS = st.lists(st.tuples(*2 * [st.sampled_from(["a b", "a;c", "b", "1", ""])]), min_size=3)
SUMMED = [name for name, metric in LANGUAGE.items() if metric.summed is not None]


def text(pairs: list[tuple[int, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(pairs, columns=["prediction", "target"])
    return frame.astype(np.float64).assign(row=range(len(pairs)))


def check(outcomes: pd.DataFrame, metric: str, scored: float) -> None:
    found = summed(outcomes, metric)
    assert found is not None
    assert found.score() == pytest.approx(scored, abs=1e-9)


@pytest.mark.parametrize("metric", ["accuracy", "matthews", "f1"])
@given(LABELS)
def test_of_classes(metric: str, pairs: list[tuple[int, int]]) -> None:
    if metric == "f1":
        pairs = [(a % 2, b % 2) for a, b in pairs]
    own = text(pairs)
    scored = TEXT[metric](own["prediction"].to_numpy(), own["target"].to_numpy())
    check(own, metric, scored)


@given(NUMBERS)
def test_of_numbers(pairs: list[tuple[int, int]]) -> None:
    own = text(pairs)
    check(own, "pearson", TEXT["pearson"](own["prediction"].to_numpy(), own["target"].to_numpy()))
    assert summed(own, "spearman") is None


@pytest.mark.parametrize("metric", SUMMED)
@given(ANSWERS)
def test_of_answers_in_words(metric: str, pairs: list[tuple[str, str]]) -> None:
    output = LANGUAGE[metric].output
    frame = pd.DataFrame(pairs, columns=["found", "wanted"]).assign(output=output)
    frame["wanted"] = [json.dumps([text]) for text in frame["wanted"]]
    frame = frame.assign(row=range(len(frame)))
    answers = {output: (frame["found"].tolist(), frame["wanted"].tolist())}
    check(frame, metric, language_score([metric], answers)[metric])


def images(count: int, size: int) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    counts = [rng.integers(0, 9, size).astype(float) for _ in range(count)]
    rows = [(row, "miou", own) for row, own in enumerate(counts)]
    return pd.DataFrame(rows, columns=["row", "family", "statistics"])


def test_of_images() -> None:
    own = images(20, 9)
    check(own, "miou", dense_values(own, ["miou"])["miou"])
    assert summed(own, "edge_odsF") is None


@pytest.mark.parametrize(
    ("outcomes", "metric"),
    [
        (text([(1, 1), (0, 1), (2, 2), (2, 1), (0, 0)]), "matthews"),
        (text([(1, 2), (4, 1), (2, 2), (9, 7), (0, -3)]), "pearson"),
        (images(12, 9), "miou"),
    ],
)
def test_an_influence_is_what_the_score_loses_without_the_item(
    outcomes: pd.DataFrame, metric: str
) -> None:
    whole = summed(outcomes, metric)
    assert whole is not None
    shuffled = outcomes.sample(frac=1, random_state=0)  # the order of rows says nothing
    found = influences(shuffled, metric)
    assert found is not None
    for row, influence in enumerate(found):
        rest = summed(outcomes[outcomes["row"] != row], metric)
        assert rest is not None
        lost = whole.score() - rest.score()
        assert influence == pytest.approx((len(outcomes) - 1) * lost)


def test_the_variance_of_influences_is_that_of_the_score_over_draws_of_items() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.standard_normal((2000, 200))
    found = wanted + 0.7 * rng.standard_normal(wanted.shape)
    scores = [TEXT["pearson"](a, b) for a, b in zip(found, wanted, strict=True)]
    drawn = [
        influences(pd.DataFrame({"prediction": a, "target": b, "row": range(len(a))}), "pearson")
        for a, b in zip(found[:100], wanted[:100], strict=True)
    ]
    estimates = [own.var(ddof=1) / len(own) for own in drawn if own is not None]
    assert np.mean(estimates) == pytest.approx(np.var(scores), rel=0.1)


def test_nothing_of_it_imports_torch() -> None:
    code = "import seesaw.tasks.families.influence, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
