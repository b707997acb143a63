"""Metrics by id, each a function of predictions and targets; higher is better for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from seesaw.tasks.families import sums
from seesaw.tasks.families.sums import Sums, Vector


def _correlation(statistic: Callable[..., object]) -> Callable[[np.ndarray, np.ndarray], float]:
    def compute(prediction: np.ndarray, target: np.ndarray) -> float:
        # a constant answer correlates with nothing; scipy would say nan
        if np.ptp(prediction) == 0 or np.ptp(target) == 0:
            return 0.0
        return float(statistic(prediction, target).statistic)  # type: ignore[attr-defined]

    return compute


METRICS: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": lambda p, t: float(accuracy_score(t, p)),
    "f1": lambda p, t: float(f1_score(t, p, zero_division=0.0)),
    "matthews": lambda p, t: float(matthews_corrcoef(t, p)),
    "pearson": _correlation(pearsonr),
    "spearman": _correlation(spearmanr),
}
"""`f1` is that of class 1; correlations of a constant are 0."""


def score(metrics: tuple[str, ...], prediction: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Every named metric of `prediction` (n,) against `target` (n,)."""
    return {name: METRICS[name](prediction, target) for name in metrics}


def summed(metric: str, prediction: Vector, target: Vector) -> Sums | None:
    """A metric of `prediction` (n,) and `target` (n,) as sums over items; None if it is none."""
    if metric == "accuracy":
        return sums.mean(prediction == target)
    if metric == "f1":
        return sums.f1(prediction.tolist(), target.tolist(), [1.0])
    if metric == "matthews":
        return sums.matthews(prediction.tolist(), target.tolist())
    return sums.pearson(prediction, target) if metric == "pearson" else None
