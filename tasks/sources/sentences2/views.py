"""What does the woman think of it, what does the man, from 0 (awful) to 5 (superb)?

Both tasks read the same pair of sentences, hers and his.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences2.adjectives import ADJECTIVES
from seesaw.tasks.sources.sentences2.lexicon import of_split
from seesaw.tasks.task import Example, Task, sentence

REVIEWED = (
    *("film", "hotel", "meal", "concert", "novel", "trip", "show", "lecture", "room", "party"),
    *("restaurant", "dress", "painting", "house", "song", "speech", "holiday", "garden"),
)
FRAMES = (
    ("she found the {thing} {hers}", "he found it {his}"),
    ("she called the {thing} {hers}", "he called it {his}"),
    ("to her the {thing} was {hers}", "to him it was {his}"),
    ("the {thing} is {hers}, she said", "it is {his}, he said"),
)
DENIED = ("anything but {} and {}", "neither {} nor {}")
DENIALS = 0.1
"""Share of the opinions that are said by denying the opposite one."""


def _words(rng: Random, level: int, split: str) -> str:
    denied = rng.random() < DENIALS
    said = rng.sample(of_split(ADJECTIVES[5 - level if denied else level], split), 2)
    return (rng.choice(DENIED) if denied else "{} and {}").format(*said)


def generate(rng: Random, split: str, opposed: bool) -> tuple[Example, Example]:
    """The same pair with her opinion and with his."""
    hers = rng.randrange(6)
    his = 5 - hers if opposed else hers
    first, second = rng.choice(FRAMES)
    thing = rng.choice(REVIEWED)
    text_a = sentence(first.format(thing=thing, hers=_words(rng, hers, split)))
    text_b = sentence(second.format(his=_words(rng, his, split)))
    return Example(text_a, text_b, float(hers)), Example(text_a, text_b, float(his))


TASKS = (
    Task("her_view", None, ("pearson", "spearman")),
    Task("his_view", None, ("pearson", "spearman")),
)
