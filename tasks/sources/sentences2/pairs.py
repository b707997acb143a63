"""Pairs of tasks that read the same sentences, each the level of another word, from 0 to 5.

How favourable is the adjective and how dear the thing; how high does the person stand and how
dangerous is the thing?
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from seesaw.tasks.sources.sentences2.lexicon import Levels, level_of, of_split
from seesaw.tasks.sources.sentences2.scales import DANGER, PRICE, STANDING, VIEW
from seesaw.tasks.task import Example, Task, sentence


@dataclass(frozen=True)
class Pair:
    """Two tasks, each with its words by level, on sentences that hold one word of each."""

    tasks: tuple[Task, Task]
    words: tuple[Levels, Levels]
    frames: tuple[str, ...]

    def generate(self, rng: Random, split: str, disputed: bool) -> tuple[Example, Example]:
        """The same sentence with both answers, which differ if it is `disputed`."""
        one = rng.randrange(len(self.words[0]))
        other = rng.choice([x for x in range(len(self.words[1])) if x != one]) if disputed else one
        said = (
            rng.choice(of_split(levels[level], split))
            for levels, level in zip(self.words, (one, other), strict=True)
        )
        text = sentence(rng.choice(self.frames).format(*said))
        return Example(text, None, float(one)), Example(text, None, float(other))


PAIRS = (
    Pair(
        (level_of("view"), level_of("price")),
        (VIEW, PRICE),
        (
            *("she found the {1} {0}", "he found the {1} {0}", "they called the {1} {0}"),
            *("the {1} was {0}", "the {1} is {0}", "the {1} seems {0}"),
        ),
    ),
    Pair(
        (level_of("standing"), level_of("danger")),
        (STANDING, DANGER),
        (
            *("the {0} watched the {1}", "the {0} spoke of the {1}", "the {0} dreamt of the {1}"),
            *("the {1} surprised the {0}", "the {1} is near the {0}", "the {1} amused the {0}"),
        ),
    ),
)
