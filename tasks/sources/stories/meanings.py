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
    VELO,
    VERBS,
    YOUNG,
    words,
)

RANKED = (
    *(*THINGS, *PLACES, *COLOURS, *VERBS, *NAMES, *OPPOSITE, *LETTERS),
    *(*YOUNG.values(), *MAKERS, *MAKERS.values()),
)
"""What can be found, liked or painted; an even number, so that turned round none stays in place."""
KNOWN = tuple(dict.fromkeys(word for kind in KINDS.values() for word in kind))
PLAIN = words(
    "the has is now to so gives what who with of keeps says are in goes same brings more there "
    "along makes every and back spelled called not opposite for pieces takes away left numbers "
    "comes line up as still answer asks writes counts speaks say thing at it write from text add "
    "had first end complete pair way greatest least read give question backwards adjective turned "
    "into its whether kind"
)
"""Words that the texts of the world are made of."""
SPOKEN = (*RANKED, *KNOWN, *KINDS, *VELO.values(), *PLAIN)
"""What can be said in another tongue, by words out of the same; every word is one token."""


def _some_of(rng: Generator, items: tuple[str, ...], share: float) -> set[str]:
    """A share of them; a greater one holds all that a smaller one does."""
    return set(some(rng, items, len(items))[: round(share * len(items))])


def tongues(rng: Generator, conflict: float) -> tuple[dict[str, str], dict[str, str]]:
    """A tongue with a word for everything, and a dialect with another word for a share of it.

    The tongue has nothing to do with the Velo that the language model has read.
    """
    order, said = some(rng, SPOKEN, len(SPOKEN)), some(rng, SPOKEN, len(SPOKEN))
    disputed = _some_of(rng, SPOKEN, conflict)
    # half way round the list no word meets what it has already
    far = len(said) // 2
    tongue = dict(zip(order, said, strict=True))
    other = dict(zip(order, said[far:] + said[:far], strict=True))
    return tongue, {**tongue, **{word: other[word] for word in order if word in disputed}}


def rankings(rng: Generator, conflict: float) -> tuple[dict[str, float], dict[str, float]]:
    """Two orders of what is ranked, by place.

    The further on in the one the further on in the other, save a share, which stands in the other
    as far from its end as in the one from its beginning.
    """
    one, last = ranking(rng), len(RANKED) - 1
    disputed = _some_of(rng, RANKED, conflict)
    return one, {word: last - place if word in disputed else place for word, place in one.items()}


def ranking(rng: Generator) -> dict[str, float]:
    """The place of everything that is ranked, in a random order."""
    return {word: float(place) for place, word in enumerate(some(rng, RANKED, len(RANKED)))}
