"""Running text of the world, to pre-train on: the language and what is known, no instructions.

Nothing here pairs an input with its answer as the tasks do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from numpy.random import Generator

from seesaw.tasks.sources.stories.world import (
    ADJECTIVES,
    ANIMALS,
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
    velo,
)

EVERY_WORD = (*NAMES, *THINGS, *PLACES, *COLOURS, *VERBS, *ADJECTIVES, *ANIMALS, *VELO.values())


def pick(rng: Generator, items: tuple[str, ...]) -> str:
    """One of them."""
    return items[int(rng.integers(len(items)))]


def some(rng: Generator, items: tuple[str, ...], count: int) -> list[str]:
    """So many different ones, in random order."""
    return [items[int(index)] for index in rng.permutation(len(items))[:count]]


def sentence(rng: Generator) -> list[str]:
    """Two animals and what the one does to the other, seven words."""
    who, whom = some(rng, ANIMALS, 2)
    return ["the", pick(rng, ADJECTIVES), who, pick(rng, VERBS), "the", pick(rng, ADJECTIVES), whom]


def documents(rng: Generator) -> Iterator[str]:
    """Endless short texts of all kinds."""
    kinds = [kind for kind, often in KINDS_OF_TEXT.items() for _ in range(often)]
    while True:
        yield kinds[int(rng.integers(len(kinds)))](rng)


def _moves(rng: Generator) -> str:
    """People go about, and where they are is said again."""
    people, parts = some(rng, NAMES, int(rng.integers(2, 4))), []
    at: dict[str, str] = {}
    for _ in range(int(rng.integers(4, 9))):
        who = people[int(rng.integers(len(people)))]
        if who in at and rng.random() < 0.5:
            parts.append(f"{who} is still in the {at[who]}.")
        else:
            at[who] = pick(rng, PLACES)
            parts.append(f"{who} goes to the {at[who]}. now {who} is in the {at[who]}.")
    return " ".join(parts)


def _handing(rng: Generator) -> str:
    """Things change hands."""
    people, things = some(rng, NAMES, 3), some(rng, THINGS, 2)
    owner = {thing: people[index] for index, thing in enumerate(things)}
    parts = [f"{who} has the {thing}." for thing, who in owner.items()]
    for _ in range(int(rng.integers(2, 6))):
        thing = things[int(rng.integers(2))]
        to = pick(rng, tuple(name for name in people if name != owner[thing]))
        parts.append(f"{owner[thing]} gives the {thing} to {to}.")
        owner[thing] = to
        if rng.random() < 0.6:
            parts.append(f"so {to} has the {thing} now.")
    parts += [f"now {owner[thing]} keeps the {thing}." for thing in some(rng, tuple(things), 2)]
    return " ".join(parts)


def _amounts(rng: Generator) -> str:
    """Someone gets and loses fruit."""
    who, other = some(rng, NAMES, 2)
    count = int(rng.integers(1, 60))
    parts = [f"{who} has {count} pieces of {pick(rng, KINDS['fruit'])}."]
    for _ in range(int(rng.integers(2, 5))):
        more = int(rng.integers(1, 40))
        if rng.random() < 0.6 and count + more < 100:
            count += more
            parts.append(f"{other} brings {more} more, so there are {count}.")
        elif more <= count:
            count -= more
            parts.append(f"{other} takes {more} away, so {count} are left.")
    return " ".join(parts)


def _counting(rng: Generator) -> str:
    """Numbers in even steps, up or down."""
    step = int(rng.choice([1, 1, 1, 2, 3, 5, 10, 11]))
    start = int(rng.integers(0, 60))
    numbers = [start + step * k for k in range(int(rng.integers(5, 12)))]
    if rng.random() < 0.4:
        numbers.reverse()
    counted, back = (" ".join(map(str, row)) for row in (numbers, numbers[::-1]))
    return f"{pick(rng, NAMES)} counts: {counted}. and back: {back}."


def _spelling(rng: Generator) -> str:
    """Words letter by letter."""
    words = some(rng, (*THINGS, *NAMES, *ANIMALS), 3)
    return " ".join(f"{word} is spelled {' '.join(word)}." for word in words)


def _lists(rng: Generator) -> str:
    """Who has what, said three times, each time in an order of its own; or asked."""
    people = some(rng, NAMES, int(rng.integers(2, 6)))
    own = dict(zip(people, some(rng, THINGS, len(people)), strict=True))
    parts = [f"{who} has the {own[who]}." for who in people]
    for _ in range(2):
        form = int(rng.integers(4))
        for who in some(rng, tuple(people), len(people)):
            thing = own[who]
            forms = (
                f"{who} has the {thing}.",
                f"the {thing} is with {who}.",
                f"who has the {thing}? {who}.",
                f"what has {who}? the {thing}.",
            )
            parts.append(forms[form])
    return " ".join(parts)


def _knowledge(rng: Generator) -> str:
    """What is known of words."""
    parts = []
    for _ in range(int(rng.integers(3, 6))):
        kind = int(rng.integers(5))
        adjectives = some(rng, tuple(OPPOSITE), int(rng.integers(1, 4)))
        opposites = " ".join(OPPOSITE[word] for word in adjectives)
        group = pick(rng, tuple(KINDS))
        old = pick(rng, tuple(YOUNG))
        made = pick(rng, tuple(MAKERS))
        parts.append(
            (
                f"what is not {adjectives[0]} is {OPPOSITE[adjectives[0]]}.",
                f"the opposite of {' '.join(adjectives)} is {opposites}.",
                f"every {pick(rng, KINDS[group])} is a kind of {group}.",
                f"a young {old} is called a {YOUNG[old]}.",
                f"the {MAKERS[made]} makes {made}.",
            )[kind]
        )
    return " ".join(parts)


def _words(rng: Generator) -> list[str]:
    """A sentence, or words of any kind, letters or numbers one after another."""
    kind = int(rng.integers(4))
    count = int(rng.integers(3, 9))
    if kind == 0:
        return sentence(rng)
    if kind == 1:
        return some(rng, EVERY_WORD, count)
    if kind == 2:
        return some(rng, LETTERS, count)
    return [str(n) for n in rng.integers(0, 100, count)]


def _echo(rng: Generator) -> str:
    """Someone repeats what another said, and a third one too."""
    said = " ".join(_words(rng))
    people = some(rng, NAMES, 3)
    again = [f"{who} says the same: {said}." for who in people[1:]]
    return " ".join((f"{people[0]} says: {said}.", *again[: int(rng.integers(1, 3))]))


def _backwards(rng: Generator) -> str:
    """Words, letters or numbers, and back again; no sentences."""
    kind, count = int(rng.integers(3)), int(rng.integers(3, 9))
    if kind == 2:
        items = [str(n) for n in rng.integers(0, 100, count)]
    else:
        items = some(rng, EVERY_WORD if kind else LETTERS, count)
    there, back = " ".join(items), " ".join(reversed(items))
    return f"{pick(rng, NAMES)} goes along {there} and comes back along {back}."


def _lining_up(rng: Generator) -> str:
    """Numbers as they come, and then from the least to the greatest; never the other way."""
    items = rng.choice(100, int(rng.integers(3, 7)), replace=False).tolist()
    come, stand = (" ".join(map(str, row)) for row in (items, sorted(items)))
    return f"the numbers {come} line up as {stand}."


def _dictionary(rng: Generator) -> str:
    """Words of Velo, one or some at a time; no sentences."""
    words = some(rng, tuple(VELO), int(rng.integers(1, 7)))
    return f"velo for {' '.join(words)} is {' '.join(VELO[word] for word in words)}."


def _foreign(rng: Generator) -> str:
    """Sentences in Velo, which nobody explains."""
    said = ". ".join(" ".join(velo(sentence(rng))) for _ in range(2))
    return f"{pick(rng, NAMES)} speaks velo: {said}."


def _telling(rng: Generator) -> str:
    """The words that instructions are made of, in use."""
    who, other = some(rng, NAMES, 2)
    return (
        f"{who} asks {other} to "
        + pick(
            rng,
            (
                "write the numbers from the greatest to the least",
                "write the words backwards, every adjective turned into its opposite",
                "say it in velo",
                "read the text and give the answer to the question",
                "say who had the thing at first",
                "say who has the thing at the end",
                "add the numbers",
                "say whether it follows from the text",
                "complete the pair in the same way",
            ),
        )
        + f". {other} writes the answer in the book."
    )


KINDS_OF_TEXT: Mapping[Callable[[Generator], str], int] = {
    _moves: 1,
    _handing: 4,
    _amounts: 3,
    _counting: 1,
    _spelling: 1,
    _lists: 5,
    _knowledge: 4,
    _echo: 3,
    _backwards: 2,
    _lining_up: 2,
    _dictionary: 3,
    _foreign: 1,
    _telling: 1,
}
"""Kinds, and how often each comes up."""
