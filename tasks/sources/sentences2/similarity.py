"""How alike are two events, from 0 to 5? Two roles, each kept, said otherwise, or changed.

The score counts kept meanings, not kept words: synonyms keep a role. Sentences are short, since
they are what a batch waits for.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences2.lexicon import level_of, of_split
from seesaw.tasks.sources.sentences2.synonyms import ACTIONS, PERSONS
from seesaw.tasks.task import Example, sentence

MEANINGS = {"patient": PERSONS, "action": ACTIONS}
FRAMES = ("they {action} the {patient}", "the {patient} was {action}")

Event = dict[str, tuple[str, str]]


def say(rng: Random, event: Event) -> str:
    """A sentence about an event, in words of its meanings."""
    words = {role: rng.choice(meaning) for role, meaning in event.items()}
    return sentence(rng.choice(FRAMES).format(**words))


def draw(rng: Random, split: str, taken: Event) -> Event:
    """An event none of whose meanings stands in `taken`."""
    found: Event = {}
    for role, meanings in MEANINGS.items():
        found[role] = rng.choice([m for m in of_split(meanings, split) if m not in taken.values()])
    return found


def generate(rng: Random, split: str) -> Example:
    """5 * kept roles / 2."""
    first = draw(rng, split, {})
    second, other = dict(first), draw(rng, split, first)
    for role in rng.sample(list(MEANINGS), rng.randrange(len(MEANINGS) + 1)):
        second[role] = other[role]
    kept = sum(first[role] == second[role] for role in MEANINGS)
    return Example(say(rng, first), say(rng, second), 5.0 * kept / len(MEANINGS))


TASK = level_of("similarity")
