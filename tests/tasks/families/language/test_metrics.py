"""Metrics of answers in words."""

from __future__ import annotations

import json

import pytest
from sacrebleu import corpus_bleu

from seesaw.tasks.families.language.metrics import METRICS, score


@pytest.mark.parametrize(
    ("name", "found", "wanted", "value"),
    [
        ("exact_match", ["a", "b", ""], [["a"], ["c", "b"], ["d"]], 2 / 3),
        ("no_match", ["a", "b", ""], [["a"], ["c", "b"], ["d"]], 1 / 3),
        ("word_accuracy", ["a b x", "a"], [["a b"], ["b", "a c"]], (2 / 3 + 1 / 2) / 2),
        ("word_accuracy", ["", "b a"], [["a b"], ["a b"]], 0.0),
        ("rougeL", ["the cats sat", "x"], [["the cat sat"], ["y", "x"]], 1.0),
        ("rougeL_characters", ["甲乙"], [["甲丙"]], 0.5),
        ("matthews", ["yes", "no", "no"], [["yes"], ["no"], ["no"]], 1.0),
        ("matthews", ["no", "no"], [["yes"], ["no"]], 0.0),
        ("micro_f1", ["a", "b", "?"], [["a"], ["b"], ["b"]], 0.8),
        ("macro_f1", ["a", "b", "?"], [["a"], ["b"], ["b"]], (1 + 2 / 3) / 2),
        ("pearson", ["1.0", "2.0", "none"], [["1"], ["2"], ["0"]], 1.0),
        ("tuple_f1", ["a;b", "c"], [["b；a"], ["d"]], 2 / 3),
        ("tuple_f1", [""], [[""]], 1.0),
    ],
)
def test_values_by_hand(name: str, found: list[str], wanted: list[list[str]], value: float) -> None:
    assert METRICS[name].compute(found, wanted) == pytest.approx(value)


def test_bleu_is_that_of_sacrebleu_with_references_of_any_number() -> None:
    found = ["the cat sat on the mat", "a dog ran far away"]
    wanted = [["the cat sat on a mat", "the cat sat on the mat"], ["a dog ran away"]]
    columns = [["the cat sat on a mat", "a dog ran away"], ["the cat sat on the mat", None]]
    assert METRICS["bleu"].compute(found, wanted) == corpus_bleu(found, columns).score / 100


def test_each_metric_reads_its_own_kind_of_answer() -> None:
    wanted = [json.dumps(["a"])]
    answers = {"generate": (["a"], wanted), "choice": (["b"], wanted)}
    assert score(["exact_match", "acc"], answers) == {"exact_match": 1.0, "acc": 0.0}
