"""What was the talk about: sport, cooking, law or music? A second topic is named and turned down.

A bag of words sees both topics and can only guess between them.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import MEN, TOPICS, WOMEN
from seesaw.tasks.task import Example, Task, sentence

FRAMES = (
    "instead of the {off}, {name} discussed the {on}",
    "{name} discussed the {on} instead of the {off}",
    "{name} wanted to hear about the {on}, not about the {off}",
    "not the {off} but the {on} was on {name}'s mind",
    "{name} forgot the {off} and kept talking about the {on}",
    "the {on}, rather than the {off}, was what {name} explained",
)


def generate(rng: Random) -> Example:
    """0 sport, 1 cooking, 2 law, 3 music."""
    on, off = rng.sample(range(len(TOPICS)), 2)
    text = rng.choice(FRAMES).format(
        on=rng.choice(TOPICS[on]),
        off=rng.choice(TOPICS[off]),
        name=rng.choice(MEN + WOMEN),
    )
    return Example(sentence(text), None, float(on))


TASK = Task("topic", len(TOPICS))
