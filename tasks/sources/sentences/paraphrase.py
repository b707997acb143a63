"""Do the two sentences say the same? Synonyms, and who did it to whom.

Either one word gives way to a synonym or to another word of its kind, or the sentence is turned
round with the two people kept in their roles or not.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import MEN, PLACES, SYNONYMS, TRANSITIVE, WOMEN
from seesaw.tasks.task import Example, Task, sentence

FRAMES = (
    "{a} {past} {b} in the {place}",
    "{b} was {participle} by {a} in the {place}",
    "in the {place}, {b} was {participle} by {a}",
)
TURNED = 0.3
"""Share of the examples that are about who did it to whom."""


def _turned(rng: Random, same: bool) -> tuple[str, str]:
    a, b = rng.sample(MEN + WOMEN, 2)
    past, participle = rng.choice(TRANSITIVE)
    about = {"past": past, "participle": participle, "place": rng.choice(PLACES)}
    first, second = rng.sample(FRAMES, 2)
    c, d = (a, b) if same else (b, a)
    return first.format(a=a, b=b, **about), second.format(a=c, b=d, **about)


def _reworded(rng: Random, same: bool) -> tuple[str, str]:
    words = {role: rng.choice(meanings) for role, meanings in SYNONYMS.items()}
    before = {role: rng.choice(pair) for role, pair in words.items()}
    role = rng.choice(list(words))
    others = [pair for pair in SYNONYMS[role] if (pair == words[role]) == same]
    choices = [word for word in rng.choice(others) if word != before[role]]
    after = before | {role: rng.choice(choices)}
    frame = "the {agent} {action} {name} {place}"
    name = rng.choice(MEN + WOMEN)
    return frame.format(name=name, **before), frame.format(name=name, **after)


def generate(rng: Random) -> Example:
    """1 = the same meaning."""
    same = rng.random() < 0.5
    first, second = (_turned if rng.random() < TURNED else _reworded)(rng, same)
    return Example(sentence(first), sentence(second), float(same))


TASK = Task("paraphrase", 2)
