"""The second version of the tasks: three pairs that may want different things of the same input.

Both tasks of a pair get the same inputs; only the instruction says what is wanted. `conflict` is
the share of words (`translation` and `dialect`) or of things (`age` and `size`, `liking` and
`wanting`) on which they differ: at 0 a pair wants the same answer to every input, at 1 to none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.stories.data import draw
from seesaw.tasks.sources.stories.meanings import KNOWN, NOUNS, ranking, rankings, tastes, tongues
from seesaw.tasks.sources.stories.text import pick, some
from seesaw.tasks.sources.stories.world import NAMES, OPPOSITE, VERBS
from seesaw.tasks.task import DataError, TaskData

Make = Callable[[Generator], Instruction]
WORDS_SEED = 3
"""Beside the data seed, of what words mean; splits have the numbers below it."""
METRICS = {
    "translation": "word_accuracy",
    "dialect": "word_accuracy",
    "age": "acc",
    "size": "acc",
    "liking": "acc",
    "wanting": "acc",
    "sorting": "word_accuracy",
    "praise": "acc",
}


def load(
    options: Mapping[str, Any], folder: Path | None = None
) -> list[TaskData[InstructionTask, Instruction]]:
    """All eight tasks; no prompt stands in two splits.

    Args:
        options: `conflict` from 0 to 1, `data_seed`, and the number of examples in `train`, `dev`
            and `test`.
        folder: unused; this track needs no data from outside.

    Raises:
        DataError: `conflict` is not a number from 0 to 1.
    """
    conflict = options["conflict"]
    if type(conflict) not in (int, float) or not 0 <= conflict <= 1:
        raise DataError(f"conflict is {conflict!r}; it must be a number from 0 to 1")
    return [
        draw(InstructionTask(name, metrics=(METRICS[name],), max_new_tokens=24), make, options)
        for name, make in _tasks(options["data_seed"], conflict).items()
    ]


def _tasks(seed: int, conflict: float) -> dict[str, Make]:
    rng = np.random.default_rng((seed, WORDS_SEED))
    grown, dialect = tongues(rng, conflict)
    age, size = rankings(rng, conflict)
    likes, wants = tastes(rng, conflict)
    return {
        "translation": partial(_said, told="say it in velo", tongue=grown),
        "dialect": partial(_said, told="say it as in the harbour", tongue=dialect),
        "age": partial(_most, told="which is most old", rank=age),
        "size": partial(_most, told="which is most big", rank=size),
        "liking": partial(_fondest, told="who likes the", tastes=likes),
        "wanting": partial(_fondest, told="who calls for the", tastes=wants),
        "sorting": _sorted,
        "praise": partial(_most, told="say which is best", rank=ranking(rng)),
    }


def _instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    # short, since every token costs time
    return Instruction(f"{told}. {given}:", f" {answer}", tuple(f" {c}" for c in choices))


def _said(rng: Generator, told: str, tongue: Mapping[str, str]) -> Instruction:
    """What something does: in the tongue first what it is, then how it is, then what it does."""
    like = _seldom(rng, tuple(OPPOSITE), int(rng.integers(1, 5)))
    (who,), does = _seldom(rng, KNOWN, 1), pick(rng, VERBS)
    said = " ".join(tongue[word] for word in (who, *like, does))
    return _instruction(told, f"the {' '.join(like)} {who} {does}", said)


def _seldom(rng: Generator, items: tuple[str, ...], count: int) -> list[str]:
    """So many different ones, the k-th of which is k times as rare as the first."""
    often = 1 / np.arange(1, len(items) + 1)
    chosen = rng.choice(len(items), count, replace=False, p=often / often.sum())
    return [items[int(index)] for index in chosen]


def _most(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    words = _seldom(rng, tuple(rank), 4)
    return _instruction(told, " ".join(words), max(words, key=rank.__getitem__), tuple(words))


def _sorted(rng: Generator) -> Instruction:
    numbers = rng.choice(100, int(rng.integers(3, 7)), replace=False).tolist()
    answer = " ".join(map(str, sorted(numbers, reverse=True)))
    return _instruction("from the greatest to the least", " ".join(map(str, numbers)), answer)


def _fondest(rng: Generator, told: str, tastes: Mapping[tuple[str, str], float]) -> Instruction:
    (thing,), people = _seldom(rng, NOUNS, 1), some(rng, NAMES, 4)
    best = max(people, key=lambda who: tastes[who, thing])
    return _instruction(f"{told} {thing} most", " ".join(people), best, tuple(people))
