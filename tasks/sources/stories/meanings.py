"""What words mean in one data set, drawn from its seed; a share is disputed between two tasks."""

from __future__ import annotations

from numpy.random import Generator

from seesaw.tasks.sources.stories.text import some
from seesaw.tasks.sources.stories.world import (
    COLOURS,
    KINDS,
    MAKERS,
    NAMES,
    OPPOSITE,
    PLACES,
    THINGS,
    VELO,
    VERBS,
    YOUNG,
)

KNOWN = tuple(dict.fromkeys(word for kind in KINDS.values() for word in kind))
NOUNS = tuple(dict.fromkeys((*KNOWN, *THINGS, *PLACES)))
"""What can be old or big."""
QUALITIES = (*OPPOSITE, *COLOURS)
"""What can be good."""
SPOKEN = (*KNOWN, *OPPOSITE, *VERBS)
"""What can be said in another tongue; Velo has words for a third of it."""
BORROWED = (*NAMES, *THINGS, *PLACES, *COLOURS, *YOUNG.values(), *MAKERS, *MAKERS.values())
"""Words that tongues take for what they have none for."""


def _some_of(rng: Generator, items: tuple[str, ...], share: float) -> list[str]:
    """A share of them; a greater one holds all that a smaller one does."""
    return some(rng, items, len(items))[: round(share * len(items))]


def tongues(rng: Generator, conflict: float) -> tuple[dict[str, str], dict[str, str]]:
    """Velo grown to all that can be said, and a dialect with other words for a share of it."""
    order, borrowed = some(rng, SPOKEN, len(SPOKEN)), some(rng, BORROWED, len(BORROWED))
    disputed = _some_of(rng, SPOKEN, conflict)
    # half way round the list no word meets what it has already
    count, far = len(borrowed), len(borrowed) // 2
    grown = {word: VELO.get(word, borrowed[i % count]) for i, word in enumerate(order)}
    other = {word: borrowed[(i + far) % count] for i, word in enumerate(order)}
    return grown, {**grown, **{word: other[word] for word in disputed}}


def rankings(rng: Generator, conflict: float) -> tuple[dict[str, float], dict[str, float]]:
    """How old and how big everything is, from 0 to 1.

    The older a thing the bigger it is, save a share of them of which the opposite holds.
    """
    order = some(rng, NOUNS, len(NOUNS))
    disputed = _some_of(rng, NOUNS, conflict)
    age = {word: place / (len(NOUNS) - 1) for place, word in enumerate(order)}
    return age, {word: 1 - years if word in disputed else years for word, years in age.items()}


def ranking(rng: Generator) -> dict[str, float]:
    """How good every quality is."""
    return {word: float(place) for place, word in enumerate(some(rng, QUALITIES, len(QUALITIES)))}


def tastes(
    rng: Generator, conflict: float
) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], float]]:
    """How much everyone likes each thing, and how much they want it, by name and thing.

    Some like all things more, and everyone has a taste. What they like they want, save a share of
    the things, which they want the more the less they like them.
    """
    liking = rng.normal(size=(len(NAMES), 1)) / 2
    own, other = rng.normal(size=(len(NAMES), 2)), rng.normal(size=(len(NOUNS), 2))
    values = liking + own @ other.T / 2**0.5
    disputed = _some_of(rng, NOUNS, conflict)
    likes = {
        (name, noun): float(value)
        for name, row in zip(NAMES, values, strict=True)
        for noun, value in zip(NOUNS, row, strict=True)
    }
    return likes, {key: -value if key[1] in disputed else value for key, value in likes.items()}
