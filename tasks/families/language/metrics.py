"""Metrics of answers in words, by id: shares, higher is better unless their name says otherwise."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn.metrics import f1_score, matthews_corrcoef

from seesaw.tasks.families.text.metrics import METRICS as NUMERIC

Output = Literal["generate", "choice", "choice_norm"]
"""What was generated; the likeliest choice; the likeliest choice per character."""
Found = Sequence[str]
Wanted = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Metric:
    """A function of answers and their references, and which kind of answer it is of."""

    compute: Callable[[Found, Wanted], float]
    output: Output = "generate"


def exact_match(found: Found, wanted: Wanted) -> float:
    """Share of answers that are one of their references, to the letter."""
    hits = [answer in right for answer, right in zip(found, wanted, strict=True)]
    return float(np.mean(hits))


def word_accuracy(found: Found, wanted: Wanted) -> float:
    """Share of words in their place, out of the longer of answer and reference; mean over all."""
    return _mean_of_best(found, wanted, _words_in_place)


def _words_in_place(answer: str, right: str) -> float:
    own, other = answer.split(), right.split()
    hits = sum(a == b for a, b in zip(own, other, strict=False))
    return hits / max(len(own), len(other), 1)


def no_match(found: Found, wanted: Wanted) -> float:
    """Share of answers in which nothing was found that could be one; lower is better."""
    return float(np.mean([not answer for answer in found]))


def rouge_l(found: Found, wanted: Wanted) -> float:
    """ROUGE-L F1 with stemming, the best over references, mean over examples."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    return _mean_of_best(found, wanted, lambda a, b: scorer.score(b, a)["rougeL"].fmeasure)


def rouge_l_characters(found: Found, wanted: Wanted) -> float:
    """ROUGE-L F1 over characters, for Chinese; the best over references, mean over examples."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=_Characters())
    return _mean_of_best(found, wanted, lambda a, b: scorer.score(b, a)["rougeL"].fmeasure)


class _Characters:
    """A tokenizer of rouge-score."""

    def tokenize(self, text: str) -> list[str]:
        """All but white space."""
        return [character for character in text if not character.isspace()]


def _mean_of_best(found: Found, wanted: Wanted, one: Callable[[str, str], float]) -> float:
    best = [max(one(a, b) for b in right) for a, right in zip(found, wanted, strict=True)]
    return float(np.mean(best))


def bleu(found: Found, wanted: Wanted) -> float:
    """BLEU of the whole set, by sacrebleu; 1 is best."""
    from sacrebleu import corpus_bleu

    most = max(len(right) for right in wanted)
    # None stands for no reference where others have more of them
    columns: Any = [[right[k] if k < len(right) else None for right in wanted] for k in range(most)]
    return float(corpus_bleu(list(found), columns).score) / 100


def _labels(found: Found, wanted: Wanted) -> tuple[list[str], list[str]]:
    return list(found), [right[0] for right in wanted]


def matthews(found: Found, wanted: Wanted) -> float:
    """Matthews correlation of labels in words; an answer that is no label is a class of its own."""
    answers, right = _labels(found, wanted)
    return float(matthews_corrcoef(right, answers))


def micro_f1(found: Found, wanted: Wanted) -> float:
    """F1 pooled over the labels that occur as references."""
    answers, right = _labels(found, wanted)
    return float(f1_score(right, answers, labels=sorted(set(right)), average="micro"))


def macro_f1(found: Found, wanted: Wanted) -> float:
    """Mean F1 of the labels that occur as references."""
    answers, right = _labels(found, wanted)
    return float(
        f1_score(right, answers, labels=sorted(set(right)), average="macro", zero_division=0.0)
    )


def pearson(found: Found, wanted: Wanted) -> float:
    """Correlation of numbers in words; an answer that is no number counts as 0."""
    answers, right = _labels(found, wanted)
    return NUMERIC["pearson"](np.array([*map(_number, answers)]), np.array([*map(_number, right)]))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def tuple_f1(found: Found, wanted: Wanted) -> float:
    """Micro F1 of sets of items: lines, or what stands between semicolons; order is free."""
    pairs = [(_items(a), _items(right[0])) for a, right in zip(found, wanted, strict=True)]
    hits = sum(len(a & b) for a, b in pairs)
    total = sum(len(a) + len(b) for a, b in pairs)
    return 2 * hits / total if total else 1.0


@cache
def _items(text: str) -> frozenset[str]:
    parts = text.replace("；", "\n").replace(";", "\n").split("\n")
    return frozenset(item for part in parts if (item := part.strip().strip(string.punctuation)))


METRICS: Mapping[str, Metric] = {
    "exact_match": Metric(exact_match),
    "word_accuracy": Metric(word_accuracy),
    "no_match": Metric(no_match),
    "acc": Metric(exact_match, "choice"),
    "acc_norm": Metric(exact_match, "choice_norm"),
    "rougeL": Metric(rouge_l),
    "rougeL_characters": Metric(rouge_l_characters),
    "bleu": Metric(bleu),
    "matthews": Metric(matthews),
    "micro_f1": Metric(micro_f1),
    "macro_f1": Metric(macro_f1),
    "tuple_f1": Metric(tuple_f1),
    "pearson": Metric(pearson),
}


def score(
    metrics: Sequence[str], answers: Mapping[Any, tuple[Found, Sequence[str]]]
) -> dict[str, float]:
    """Every named metric; answers and their references (as JSON lists) by kind of output."""
    values = {}
    for name in metrics:
        found, wanted = answers[METRICS[name].output]
        values[name] = METRICS[name].compute(found, [json.loads(text) for text in wanted])
    return values
