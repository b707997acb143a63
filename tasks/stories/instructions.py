"""Eight instruction tasks about the world; four of them are pairs in conflict.

`edit` and `translation` get the same sentences: the one keeps the words and turns their order, the
other keeps the order and turns the words. `lookup` and `tracking` get the same stories: the one
asks who had a thing at first, the other who has it at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from numpy.random import Generator

from tasks.instructions.example import Instruction
from tasks.stories.text import pick, sentence, some
from tasks.stories.world import (
    KINDS,
    LETTERS,
    MAKERS,
    NAMES,
    OPPOSITES,
    THINGS,
    YOUNG,
    velo,
)


def instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    """In the one form all tasks have."""
    return Instruction(f"{told}\n{given}\nanswer:", f" {answer}", tuple(f" {c}" for c in choices))


def edit(rng: Generator) -> Instruction:
    """The words of a sentence in reverse order."""
    words = sentence(rng)
    told = "write the words in reverse order, the last word first."
    return instruction(told, " ".join(words), " ".join(reversed(words)))


def translation(rng: Generator) -> Instruction:
    """A sentence in the made-up language."""
    words = sentence(rng)
    return instruction("say it in velo, word for word.", " ".join(words), " ".join(velo(words)))


def arithmetic(rng: Generator) -> Instruction:
    """One number added, one taken away."""
    a, b = (int(n) for n in rng.integers(2, 30, 2))
    c = int(rng.integers(1, 10))
    told = "add the second number and take the third number away."
    return instruction(told, f"{a} {b} {c}", str(a + b - c))


def sorting(rng: Generator) -> Instruction:
    """Letters in the order of the alphabet."""
    letters = some(rng, LETTERS, int(rng.integers(3, 6)))
    told = "write the letters in the order of the alphabet."
    return instruction(told, " ".join(letters), " ".join(sorted(letters)))


def _story(rng: Generator) -> tuple[str, str, str, str, tuple[str, ...]]:
    """A story, a thing in it, who had it at first and has it at the end, and who there is."""
    people, things = some(rng, NAMES, 4), some(rng, THINGS, 2)
    first = dict(zip(things, people, strict=False))
    owner, parts = dict(first), [f"{who} has the {thing}." for thing, who in first.items()]
    for _ in range(int(rng.integers(2, 5))):
        thing = things[int(rng.integers(2))]
        to = pick(rng, tuple(name for name in people if name != owner[thing]))
        parts.append(f"{owner[thing]} gives the {thing} to {to}.")
        owner[thing] = to
    moved = [thing for thing in things if owner[thing] != first[thing]]
    asked = pick(rng, tuple(moved)) if moved else things[0]
    names = tuple(sorted(people))
    return " ".join(parts), asked, first[asked], owner[asked], names


def lookup(rng: Generator) -> Instruction:
    """Who had the thing at first."""
    story, thing, first, _, _ = _story(rng)
    return instruction("say who had the thing at first.", f"{story} the {thing}?", first)


def tracking(rng: Generator) -> Instruction:
    """Who has the thing at the end, out of all there are."""
    story, thing, _, last, names = _story(rng)
    told = "say who has the thing at the end."
    return instruction(told, f"{story} the {thing}?", last, names)


def entailment(rng: Generator) -> Instruction:
    """Whether a comparison follows from two others; if not, its opposite does, or nothing."""
    a, b, c = some(rng, NAMES, 3)
    more, less = ("taller", "shorter") if rng.random() < 0.5 else ("older", "younger")
    links = [
        f"{x} is {more} than {y}." if rng.random() < 0.5 else f"{y} is {less} than {x}."
        for x, y in ((a, b), (b, c))
    ]
    if rng.random() < 0.5:
        links.reverse()
    top, low = [(a, c), (a, b), (b, c)][int(rng.integers(3))]
    follows = rng.random() < 0.5
    upper, lower = (top, low) if follows else (low, top)
    asked = (
        f"{upper} is {more} than {lower}"
        if rng.random() < 0.5
        else f"{lower} is {less} than {upper}"
    )
    told = "say whether it follows from the text, yes or no."
    return instruction(
        told, f"{' '.join(links)} {asked}?", "yes" if follows else "no", ("yes", "no")
    )


def analogy(rng: Generator) -> Instruction:
    """The word that completes a second pair like the first."""
    pairs = RELATIONS[int(rng.integers(len(RELATIONS)))]
    first, second, *others = (pairs[int(index)] for index in rng.permutation(len(pairs)))
    wrong = [pair[1] for pair in others if pair[1] != second[1]][:2]
    # the answer to another pair, another word of the same kind, and the first pair's own answer
    options = sorted({second[1], first[1], *wrong})
    told = "complete the pair in the same way."
    given = f"{first[0]} {first[1]}, {second[0]}?"
    return instruction(told, given, second[1], tuple(options))


RELATIONS: tuple[tuple[tuple[str, str], ...], ...] = (
    (*OPPOSITES, *((b, a) for a, b in OPPOSITES)),
    tuple(YOUNG.items()),
    tuple((maker, made) for made, maker in MAKERS.items()),
    tuple((word, kind) for kind, words in KINDS.items() for word in words),
)
TASKS: Mapping[str, Callable[[Generator], Instruction]] = {
    "edit": edit,
    "translation": translation,
    "arithmetic": arithmetic,
    "sorting": sorting,
    "lookup": lookup,
    "tracking": tracking,
    "entailment": entailment,
    "analogy": analogy,
}
