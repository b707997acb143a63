"""What words mean in one data set, drawn from its seed; a share is disputed between two tasks."""

from __future__ import annotations

from numpy.random import Generator

from seesaw.tasks.sources.stories.text import some
from seesaw.tasks.sources.stories.world import (
    COLOURS,
    KINDS,
    LETTERS,
    MAKERS,
    NAMES,
    OPPOSITE,
    PLACES,
    THINGS,
    VERBS,
    YOUNG,
)

RANKED = (
    *(*THINGS, *PLACES, *COLOURS, *VERBS, *NAMES, *OPPOSITE, *LETTERS),
    *(*YOUNG.values(), *MAKERS, *MAKERS.values()),
    *(*KINDS["fruit"], *KINDS["tool"]),
)
"""What can be seen, liked or painted."""


def _some_of(rng: Generator, items: tuple[str, ...], share: float) -> set[str]:
    """A share of them; a greater one holds all that a smaller one does."""
    return set(some(rng, items, len(items))[: round(share * len(items))])


def rankings(rng: Generator, conflict: float) -> tuple[dict[str, float], dict[str, float]]:
    """Two orders of what is ranked, by place.

    The further on in the one the further on in the other, save a share, which stands in the other
    as far from its end as in the one from its beginning, and half a place further on, so that no
    two words share one.
    """
    one, end = ranking(rng), len(RANKED) - 0.5
    disputed = _some_of(rng, RANKED, conflict)
    return one, {word: end - place if word in disputed else place for word, place in one.items()}


def ranking(rng: Generator) -> dict[str, float]:
    """The place of everything that is ranked, in a random order."""
    return {word: float(place) for place, word in enumerate(some(rng, RANKED, len(RANKED)))}
