"""Tasks that read sentences of their own: how large is a thing, how warm a place, from 0 to 5?"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seesaw.tasks.sources.sentences2.lexicon import Levels, level_of, of_split
from seesaw.tasks.sources.sentences2.scales import SIZE, WARMTH
from seesaw.tasks.task import Example, Task, sentence

LOOKS = (
    *("red", "blue", "green", "white", "black", "grey", "brown", "yellow", "pink", "purple"),
    *("spotted", "striped", "pale", "dark", "old", "new", "painted", "plain", "famous", "usual"),
)
"""Words that say nothing of a thing's size."""
PEOPLE = (
    *("anna", "ben", "carl", "diana", "emma", "frank", "grace", "henry", "irene", "jack"),
    *("kate", "louis", "mary", "nick", "oscar", "paul", "rose", "sam", "tina", "will"),
)


@dataclass(frozen=True)
class Scale:
    """A task on the level of the second word of a sentence; the first says nothing of it."""

    task: Task
    levels: Levels
    others: tuple[str, ...]
    frames: tuple[str, ...]

    def generate(self, rng: Random, split: str) -> Example:
        """A sentence about a thing or place, and its level."""
        level = rng.randrange(len(self.levels))
        said = rng.choice(self.others), rng.choice(of_split(self.levels[level], split))
        return Example(sentence(rng.choice(self.frames).format(*said)), None, float(level))


SCALES = (
    Scale(
        level_of("size"),
        SIZE,
        LOOKS,
        ("how big the {0} {1} is", "there is a {0} {1}", "look at the {0} {1}"),
    ),
    Scale(
        level_of("warmth"),
        WARMTH,
        PEOPLE,
        ("{0} lives in {1}", "{0} flew to {1}", "{0} was born in {1}"),
    ),
)
