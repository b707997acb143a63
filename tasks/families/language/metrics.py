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

from seesaw.tasks.families import sums
from seesaw.tasks.families.sums import Sums, Vector
from seesaw.tasks.families.text.metrics import METRICS as NUMERIC

Output = Literal["generate", "choice", "choice_norm"]
"""What was generated; the likeliest choice; the likeliest choice per character."""
Found = Sequence[str]
Wanted = Sequence[Sequence[str]]


Sum = Callable[[Found, Wanted], Sums]
Each = Callable[[Found, Wanted], Sequence[float]]


@dataclass(frozen=True)
class Metric:
    """A function of answers and their references, and which kind of answer it is of.

    `summed` is the same as sums over examples, None where it is no function of such.
    """

    compute: Callable[[Found, Wanted], float]
    output: Output = "generate"
    summed: Sum | None = None

    @classmethod
    def mean(cls, each: Each, output: Output = "generate") -> Metric:
        """The mean of what every example is worth."""
        return cls(
            lambda found, wanted: float(np.mean(each(found, wanted))),
            output,
            lambda found, wanted: sums.mean(each(found, wanted)),
        )


def exact_matches(found: Found, wanted: Wanted) -> Sequence[float]:
    """Whether each answer is one of its references, to the letter."""
    return [float(answer in right) for answer, right in zip(found, wanted, strict=True)]


def words_in_place(found: Found, wanted: Wanted) -> Sequence[float]:
    """Share of words in their place, out of the longer of answer and reference."""
    return _best(found, wanted, _words_in_place)


def _words_in_place(answer: str, right: str) -> float:
    own, other = answer.split(), right.split()
    hits = sum(a == b for a, b in zip(own, other, strict=False))
    return hits / max(len(own), len(other), 1)


def nothing_found(found: Found, wanted: Wanted) -> Sequence[float]:
    """Whether in an answer nothing was found that could be one; lower is better."""
    return [float(not answer) for answer in found]


def rouge_l(found: Found, wanted: Wanted) -> Sequence[float]:
    """ROUGE-L F1 with stemming, the best over references."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    return _best(found, wanted, lambda a, b: scorer.score(b, a)["rougeL"].fmeasure)


def rouge_l_characters(found: Found, wanted: Wanted) -> Sequence[float]:
    """ROUGE-L F1 over characters, for Chinese; the best over references."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=_Characters())
    return _best(found, wanted, lambda a, b: scorer.score(b, a)["rougeL"].fmeasure)


class _Characters:
    """A tokenizer of rouge-score."""

    def tokenize(self, text: str) -> list[str]:
        """All but white space."""
        return [character for character in text if not character.isspace()]


def _best(found: Found, wanted: Wanted, one: Callable[[str, str], float]) -> Sequence[float]:
    return [max(one(a, b) for b in right) for a, right in zip(found, wanted, strict=True)]


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
    return NUMERIC["pearson"](*_numbers(found, wanted))


def _numbers(found: Found, wanted: Wanted) -> tuple[Vector, Vector]:
    answers, right = _labels(found, wanted)
    return np.array([*map(_number, answers)]), np.array([*map(_number, right)])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def tuple_f1(found: Found, wanted: Wanted) -> float:
    """Micro F1 of sets of items: lines, or what stands between semicolons; order is free."""
    return _tuples(found, wanted).score()


def _tuples(found: Found, wanted: Wanted) -> Sums:
    pairs = [(_items(a), _items(right[0])) for a, right in zip(found, wanted, strict=True)]
    hits = np.array([len(a & b) for a, b in pairs])
    return sums.ratio(2 * hits, np.array([len(a) + len(b) for a, b in pairs]))


def _micro(found: Found, wanted: Wanted) -> Sums:
    answers, right = _labels(found, wanted)
    known = set(right)
    hits = np.array([a == b for a, b in zip(answers, right, strict=True)])
    return sums.ratio(2 * hits, 1 + np.array([answer in known for answer in answers]))


def _macro(found: Found, wanted: Wanted) -> Sums:
    answers, right = _labels(found, wanted)
    return sums.f1(answers, right, sorted(set(right)))


@cache
def _items(text: str) -> frozenset[str]:
    parts = text.replace("；", "\n").replace(";", "\n").split("\n")
    return frozenset(item for part in parts if (item := part.strip().strip(string.punctuation)))


METRICS: Mapping[str, Metric] = {
    "exact_match": Metric.mean(exact_matches),
    "word_accuracy": Metric.mean(words_in_place),
    "no_match": Metric.mean(nothing_found),
    "acc": Metric.mean(exact_matches, "choice"),
    "acc_norm": Metric.mean(exact_matches, "choice_norm"),
    "rougeL": Metric.mean(rouge_l),
    "rougeL_characters": Metric.mean(rouge_l_characters),
    "bleu": Metric(bleu),
    "matthews": Metric(matthews, summed=lambda a, b: sums.matthews(*_labels(a, b))),
    "micro_f1": Metric(micro_f1, summed=_micro),
    "macro_f1": Metric(macro_f1, summed=_macro),
    "tuple_f1": Metric(tuple_f1, summed=_tuples),
    "pearson": Metric(pearson, summed=lambda a, b: sums.pearson(*_numbers(a, b))),
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
