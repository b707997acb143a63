"""What an answer is worth without the backbone: a constant, and a bag of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from seesaw.tasks.families.text.metrics import score
from seesaw.tasks.task import Example, TaskData

MAX_TRAIN = 2000


def constant(data: TaskData) -> dict[str, float]:
    """Scores on test of the most frequent training class, or of the mean training score."""
    labels, target = _labels(data.train), _labels(data.test)
    if data.task.n_classes is None:
        answer = labels.mean()
    else:
        answer = np.bincount(labels.astype(int)).argmax()
    return score(data.task.metrics, np.full_like(target, answer), target)


def bag_of_words(data: TaskData) -> dict[str, float]:
    """Scores on test of a logistic (or ridge) regression on word counts.

    The counts of the two texts of a pair are separate features. It learns from the first
    `MAX_TRAIN` training examples; if these are all of one class, that is its answer.
    """
    train, target = data.train[:MAX_TRAIN], _labels(data.test)
    labels = _labels(train)
    if (labels == labels[0]).all():
        return score(data.task.metrics, np.full_like(target, labels[0]), target)
    vectorizer = CountVectorizer(token_pattern=r"(?u)\b\w+\b")
    features = vectorizer.fit_transform([_marked(example) for example in train])
    linear = data.task.n_classes is None
    model = Ridge() if linear else LogisticRegression(max_iter=200)
    model.fit(features, labels)
    prediction = model.predict(vectorizer.transform([_marked(example) for example in data.test]))
    return score(data.task.metrics, prediction, target)


def _labels(examples: Sequence[Example]) -> np.ndarray:
    return np.array([example.label for example in examples])


def _marked(example: Example) -> str:
    second = (example.text_b or "").lower().split()
    return " ".join([example.text_a, *(f"second_{word}" for word in second)])
