"""Eight instruction tasks about the world; four of them are pairs in conflict.

`edit` and `translation` get the same sentences: the one writes them backwards with opposite
adjectives, the other says them in another language. `lookup` and `tracking` get the same stories:
the one asks who had a thing at first, the other who has it at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from numpy.random import Generator

from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources.stories.text import pick, some
from seesaw.tasks.sources.stories.world import (
    ADJECTIVES,
    ANIMALS,
    KINDS,
    NAMES,
    OPPOSITE,
    THINGS,
    VELO,
    VERBS,
    YOUNG,
    velo,
)


def instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    """An instruction in the form that all tasks share."""
    return Instruction(f"{told}\n{given}\nanswer:", f" {answer}", tuple(f" {c}" for c in choices))


def sentence(rng: Generator) -> list[str]:
    """Two animals, each with one to three adjectives, and what the one does to the other."""
    who, whom = (
        ["the", *some(rng, ADJECTIVES, int(rng.integers(1, 4))), animal]
        for animal in some(rng, ANIMALS, 2)
    )
    return [*who, pick(rng, VERBS), *whom]


def edit(rng: Generator) -> Instruction:
    """A sentence in reverse order, its adjectives turned into their opposites."""
    words = sentence(rng)
    told = "write the words backwards, every adjective turned into its opposite."
    back = " ".join(OPPOSITE.get(word, word) for word in reversed(words))
    return instruction(told, " ".join(words), back)


def translation(rng: Generator) -> Instruction:
    """A sentence in the made-up language."""
    words = sentence(rng)
    return instruction("say it in velo.", " ".join(words), " ".join(velo(words)))


def arithmetic(rng: Generator) -> Instruction:
    """The sum of two numbers."""
    a, b = int(rng.integers(2, 60)), int(rng.integers(2, 40))
    return instruction("add the numbers.", f"{a} {b}", str(a + b))


def sorting(rng: Generator) -> Instruction:
    """Numbers, the greatest first."""
    numbers = rng.choice(100, int(rng.integers(3, 6)), replace=False).tolist()
    told = "write the numbers from the greatest to the least."
    return instruction(told, " ".join(map(str, numbers)), " ".join(map(str, sorted(numbers)[::-1])))


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
    """Whether who has (or lacks) a thing of a kind has (or lacks) the kind, or the other way."""
    who, kind, other = pick(rng, NAMES), *some(rng, tuple(KINDS), 2)
    thing, follows, lacks = pick(rng, KINDS[kind]), rng.random() < 0.5, rng.random() < 0.5
    said, asked = (thing, kind) if follows != lacks else (kind, thing)
    if not follows and rng.random() < 0.3:
        said, asked = thing, other
    has = [f"{who} has {'no' if lacks else _article(word)} {word}" for word in (said, asked)]
    told = "say whether it follows from the text, yes or no."
    answer = "yes" if follows else "no"
    return instruction(told, f"{has[0]}. {has[1]}?", answer, ("yes", "no"))


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def analogy(rng: Generator) -> Instruction:
    """The word that stands to a second one as in the first pair, out of all that could be meant."""
    relation = RELATIONS[int(rng.integers(len(RELATIONS)))]
    first, second = some(rng, tuple(relation), 2)
    told = "complete the pair in the same way."
    options = {other[second] for other in RELATIONS if second in other}
    given = f"{first} {relation[first]}, {second}?"
    return instruction(told, given, relation[second], tuple(sorted(options)))


_KIND = {word: kind for kind, members in KINDS.items() for word in members}
_KNOWN = {**_KIND, **OPPOSITE, **VELO}
RELATIONS: tuple[Mapping[str, str], ...] = (
    _KIND,
    OPPOSITE,
    YOUNG,
    VELO,
    {word: word[0] for word in _KNOWN},
    {word: word[-1] for word in _KNOWN if word[-1] != word[0]},
)
"""What a word can stand in; many words stand in several."""
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
