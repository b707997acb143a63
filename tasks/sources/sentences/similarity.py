"""How alike are two events, from 0 to 5? Four roles, each kept, said otherwise, or changed.

The score counts kept meanings, not kept words: synonyms keep a role, and agent and patient changing
places costs both of theirs.
"""

from __future__ import annotations

from random import Random

from seesaw.tasks.sources.sentences.words import SYNONYMS
from seesaw.tasks.task import Example, Task, sentence

ROLES = ("agent", "action", "patient", "place")
MEANINGS = {role: SYNONYMS["agent" if role == "patient" else role] for role in ROLES}


def _say(rng: Random, event: dict[str, int]) -> str:
    word = {role: rng.choice(MEANINGS[role][event[role]]) for role in ROLES}
    return sentence(f"the {word['agent']} {word['action']} the {word['patient']} {word['place']}")


def generate(rng: Random) -> Example:
    """5 * kept roles / 4."""
    size = len(SYNONYMS["agent"])
    first = {role: rng.randrange(size) for role in ROLES}
    first["patient"] = (first["agent"] + rng.randrange(1, size)) % size
    second = dict(first)
    if rng.random() < 0.1:
        second["agent"], second["patient"] = first["patient"], first["agent"]
    for role in rng.sample(ROLES, rng.randrange(len(ROLES) + 1)):
        second[role] = rng.choice([m for m in range(size) if m not in first.values()])
    kept = sum(first[role] == second[role] for role in ROLES)
    return Example(_say(rng, first), _say(rng, second), 5.0 * kept / len(ROLES))


TASK = Task("similarity", None, ("pearson", "spearman"))
