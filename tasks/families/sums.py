"""Scores as functions of numbers per item that add up: what becomes of a score without an item.

Nothing here imports torch, so that tables can be made without it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """Numbers of every item (n, d), and the score (...,) that totals of them (..., d) come to."""

    items: Vector
    value: Callable[[Vector], Vector]

    def score(self) -> float:
        """Of all items."""
        return float(self.value(self.items.sum(0)))

    def influences(self) -> Vector:
        """How far each item (n,) pulls the score: n - 1 times what it loses without the item.

        Their variance over n is the jackknife's estimate of the score's (Efron and Stein 1981).
        """
        total = self.items.sum(0)
        without = self.value(total - self.items)
        return (len(self.items) - 1) * (self.value(total) - without)


def mean(values: Sequence[float] | Vector) -> Sums:
    """Of a score that is the mean of what every item is worth."""
    own = np.asarray(values, np.float64)
    return Sums(np.stack((np.ones_like(own), own), -1), lambda t: t[..., 1] / t[..., 0])


def pearson(found: Vector, wanted: Vector) -> Sums:
    """Of Pearson's correlation; 0 where one of both is constant."""
    x, y = found - found.mean(), wanted - wanted.mean()  # sums of squares stay small
    items = np.stack((np.ones_like(x), x, y, x * x, y * y, x * y), -1)

    def value(totals: Vector) -> Vector:
        n, sx, sy, sxx, syy, sxy = np.moveaxis(totals, -1, 0)
        spread = np.maximum(sxx - sx * sx / n, 0) * np.maximum(syy - sy * sy / n, 0)
        varied = spread > (1e-12 * n) ** 2
        return np.where(varied, (sxy - sx * sy / n) / np.sqrt(np.where(varied, spread, 1)), 0.0)

    return Sums(items, value)


def confusion(
    found: Sequence[Hashable], wanted: Sequence[Hashable]
) -> tuple[Vector, list[Hashable]]:
    """Of every item which pair of labels it is, (n, labels, labels) by wanted and found."""
    labels = sorted({*found, *wanted}, key=str)
    place = {label: number for number, label in enumerate(labels)}
    table = np.zeros((len(found), len(labels), len(labels)))
    rows = range(len(found))
    table[rows, [place[label] for label in wanted], [place[label] for label in found]] = 1
    return table, labels


def matthews(found: Sequence[Hashable], wanted: Sequence[Hashable]) -> Sums:
    """Of Matthews' correlation of labels (Gorodkin 2004); 0 where one of both is constant."""
    table, labels = confusion(found, wanted)
    size = len(labels)

    def value(totals: Vector) -> Vector:
        counts = totals.reshape(*totals.shape[:-1], size, size)
        n, hits = counts.sum((-2, -1)), np.trace(counts, axis1=-2, axis2=-1)
        right, said = counts.sum(-1), counts.sum(-2)
        spread = (n**2 - (said**2).sum(-1)) * (n**2 - (right**2).sum(-1))
        above = hits * n - (right * said).sum(-1)
        return np.where(spread > 0, above / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)

    return Sums(table.reshape(len(table), -1), value)


def f1(found: Sequence[Hashable], wanted: Sequence[Hashable], labels: Sequence[Hashable]) -> Sums:
    """Of F1, the mean over `labels`; 0 for a label that is neither found nor wanted."""
    answers, right = np.array(found, object), np.array(wanted, object)
    own = [(answers == label, right == label) for label in labels]
    items = np.stack([np.stack((a & b, a, b), -1) for a, b in own], -2).astype(np.float64)

    def value(totals: Vector) -> Vector:
        hits, said, there = np.moveaxis(totals.reshape(*totals.shape[:-1], -1, 3), -1, 0)
        return (2 * hits / np.maximum(said + there, 1)).mean(-1)

    return Sums(items.reshape(len(items), -1), value)


def ratio(parts: Vector, wholes: Vector) -> Sums:
    """Of a sum of `parts` (n,) over one of `wholes` (n,); 1 where there is nothing."""
    items = np.stack((parts, wholes), -1).astype(np.float64)
    return Sums(
        items, lambda t: np.where(t[..., 1] > 0, t[..., 0] / np.maximum(t[..., 1], 1e-12), 1)
    )
