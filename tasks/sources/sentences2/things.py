"""How large is a thing, how fast, from 0 to 5?"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seesaw.tasks.sources.sentences2.lexicon import Levels, level_of, of_split
from seesaw.tasks.sources.sentences2.scales import SIZE, SPEED
from seesaw.tasks.task import Example, Task, sentence

LOOKS = (
    *("red", "blue", "green", "white", "black", "grey", "brown", "yellow", "pink", "purple"),
    *("spotted", "striped", "pale", "dark", "old", "new", "painted", "plain", "famous", "usual"),
)
"""Words that say nothing of a thing's size or speed."""


@dataclass(frozen=True)
class Scale:
    """A task on the level of the one thing that a sentence names."""

    task: Task
    levels: Levels
    frames: tuple[str, ...]

    def generate(self, rng: Random, split: str) -> Example:
        """A sentence about a thing, and its level."""
        level = rng.randrange(len(self.levels))
        thing = f"{rng.choice(LOOKS)} {rng.choice(of_split(self.levels[level], split))}"
        return Example(sentence(rng.choice(self.frames).format(thing)), None, float(level))


SCALES = (
    Scale(
        level_of("size"), SIZE, ("tell me how big the {} is", "there is a {} now", "look at the {}")
    ),
    Scale(
        level_of("speed"), SPEED, ("tell me how fast the {} is", "we saw the {}", "they drew a {}")
    ),
)
