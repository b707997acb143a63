"""What is told from seeds and test items: a score, or scores put together, with both chances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from seesaw.tasks.families.sums import Vector


@dataclass(frozen=True)
class Quantity:
    """A score by seed, and how far every test item pulls it; sums of such are one too.

    Attributes:
        values: by seed.
        influences: (seeds, n) by the number n of items, seeds in the order of `values`: every seed
            meets the same items, and so do test sets of equally many, as all tasks of an image do.
            Empty where nothing is known of items, and then only seeds count as chance.
    """

    values: Mapping[int, float]
    influences: Mapping[int, Vector] = field(default_factory=dict)

    @property
    def seeds(self) -> list[int]:
        """In the order of all that is by seed."""
        return list(self.values)

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(list(self.values.values())))

    @property
    def sd(self) -> float | None:
        """Over seeds, None with one."""
        values = list(self.values.values())
        return float(np.std(values, ddof=1)) if len(values) > 1 else None

    @property
    def item_variance(self) -> float:
        """Of the mean over seeds, if test items were drawn again and no seed.

        Every seed meets the same items. So it is the covariance of two seeds' scores over draws of
        items: what an item does to one seed alone is in the variance over seeds already.
        """
        total = 0.0
        for own in self.influences.values():
            count, n = own.shape
            if count > 1:
                centred = own - own.mean(1, keepdims=True)
                both = ((centred.sum(0) ** 2).sum() - (centred**2).sum()) / (count * (count - 1))
                total += both / (n * (n - 1))
        return max(0.0, float(total))

    def on(self, seeds: Iterable[int]) -> Quantity:
        """The same of some of its seeds."""
        kept = [seed for seed in seeds if seed in self.values]
        rows = [self.seeds.index(seed) for seed in kept]
        return Quantity(
            {seed: self.values[seed] for seed in kept},
            {n: own[rows] for n, own in self.influences.items()},
        )

    def plus(self, constant: float) -> Quantity:
        """With a number added to every seed's."""
        return Quantity({s: v + constant for s, v in self.values.items()}, self.influences)

    def __mul__(self, factor: float) -> Quantity:
        return Quantity(
            {seed: factor * value for seed, value in self.values.items()},
            {n: factor * own for n, own in self.influences.items()},
        )

    def __add__(self, other: Quantity) -> Quantity:
        """Seed by seed, of the seeds that both have."""
        seeds = [seed for seed in self.values if seed in other.values]
        one, two = self.on(seeds), other.on(seeds)
        return Quantity(
            {seed: one.values[seed] + two.values[seed] for seed in seeds},
            {
                n: _of(one, n) + _of(two, n)
                for n in dict.fromkeys((*one.influences, *two.influences))
            },
        )

    def __sub__(self, other: Quantity) -> Quantity:
        return self + other * -1


def _of(own: Quantity, n: int) -> Vector:
    return own.influences.get(n, np.zeros((len(own.values), n)))


def average(parts: Iterable[Quantity]) -> Quantity:
    """The mean of quantities, at least one, seed by seed."""
    first, *rest = parts
    total = first
    for own in rest:
        total += own
    return total * (1 / (1 + len(rest)))


def relative_gain(own: Quantity, reference: Quantity, lower_is_better: bool) -> Quantity | None:
    """By how many percent a score is better than a reference's over the seeds of both.

    Both are uncertain: seeds and items move it as they move the ratio of the two means, to first
    order. None where the reference's mean is 0.
    """
    both = [seed for seed in own.values if seed in reference.values]
    own, reference = own.on(both), reference.on(both)
    if not reference.mean:
        return None
    ratio, sign = own.mean / reference.mean, -1 if lower_is_better else 1
    moved = own.plus(-own.mean) - reference.plus(-reference.mean) * ratio
    return (moved * (1 / reference.mean)).plus(ratio - 1) * (100 * sign)


def apart(parts: Sequence[Quantity]) -> list[Quantity]:
    """The same quantities, as those of test sets that have no item in common.

    Test sets of equally many items count as one and the same (see `Quantity`). Here every one
    stands in a block of its own in the set of all, weighed so that its variance stays.
    """
    count = len(parts)
    found = []
    for place, own in enumerate(parts):
        blocks = {}
        for n, pulls in own.influences.items():
            wide = np.zeros((len(pulls), count * n))
            wide[:, place * n : (place + 1) * n] = (pulls - pulls.mean(1, keepdims=True)) * count
            blocks[count * n] = wide
        found.append(Quantity(own.values, blocks))
    return found
