"""What was chosen, and what was turned down?

Both tasks read the same pair of sentences, which name two things of one domain each.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences2.domains import DOMAINS
from seesaw.tasks.sources.sentences2.lexicon import of_split
from seesaw.tasks.task import Example, Task, sentence

FRAMES = (
    ("they chose the {} and {}", "they left the {} and {}"),
    ("yes to the {} and {}", "no to the {} and {}"),
)


def generate(rng: Random, split: str, opposed: bool) -> tuple[Example, Example]:
    """The same pair with the domain chosen and with the one turned down."""
    on = rng.randrange(len(DOMAINS))
    off = rng.choice([d for d in range(len(DOMAINS)) if d != on]) if opposed else on
    words = rng.sample(of_split(DOMAINS[on], split), 2)
    left = [word for word in of_split(DOMAINS[off], split) if word not in words]
    first, second = rng.choice(FRAMES)
    text_a = sentence(first.format(*words))
    text_b = sentence(second.format(*rng.sample(left, 2)))
    return Example(text_a, text_b, float(on)), Example(text_a, text_b, float(off))


TASKS = (Task("topic", len(DOMAINS)), Task("refused", len(DOMAINS)))
