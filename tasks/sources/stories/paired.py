"""The second version of the tasks: three pairs that may want different things of the same input.

Every task has an order of many words that is never shown, and asks about some of them. In `seeing`
and `following`, and in `helping`, which has no counterpart, the first and the last of six are
written; in `finding` and `hearing`, `liking` and `wanting`, and in `painting`, which has none
either, the first of four is chosen. The closer two words are in the order, the harder: scores rise
bit by bit, and seeds agree. Both tasks of a pair get the same inputs, and only the instruction says
whose order is meant. `conflict` is the share of words that stand elsewhere in the other's: at 0 a
pair wants the same answer to every input, at 1 to none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.dial import conflict_share
from seesaw.tasks.sources.stories.data import draw
from seesaw.tasks.sources.stories.meanings import ranking, rankings
from seesaw.tasks.sources.stories.text import some
from seesaw.tasks.task import TaskData

Make = Callable[[Generator], Instruction]
WORDS_SEED = 3
"""Beside the data seed, of what words mean; splits have the numbers below it."""
METRICS = {
    "seeing": "word_accuracy",
    "following": "word_accuracy",
    "helping": "word_accuracy",
    "finding": "acc",
    "hearing": "acc",
    "liking": "acc",
    "wanting": "acc",
    "painting": "acc",
}
WRITTEN, CHOSEN = 6, 4
"""Words that are asked about."""
LONGEST = 4
"""Tokens of an answer, at the most; every word is one."""


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
    conflict = conflict_share(options)
    return [
        draw(InstructionTask(name, metrics=(METRICS[name],), max_new_tokens=LONGEST), make, options)
        for name, make in _tasks(options["data_seed"], conflict).items()
    ]


def _tasks(seed: int, conflict: float) -> dict[str, Make]:
    rng = np.random.default_rng((seed, WORDS_SEED))
    sees, follows = rankings(rng, conflict)
    helps = ranking(rng)
    finds, hears = rankings(rng, conflict)
    likes, wants = rankings(rng, conflict)
    return {
        "seeing": partial(_ends, told="carl sees", rank=sees),
        "following": partial(_ends, told="carl follows", rank=follows),
        "helping": partial(_ends, told="dora helps", rank=helps),
        "finding": partial(_first, told="ben finds", rank=finds),
        "hearing": partial(_first, told="ben hears", rank=hears),
        "liking": partial(_first, told="anna likes", rank=likes),
        "wanting": partial(_first, told="anna calls", rank=wants),
        "painting": partial(_first, told="paul paints", rank=ranking(rng)),
    }


def _instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    # short, since every token costs time
    return Instruction(f"{told}. {given}:", f" {answer}", tuple(f" {c}" for c in choices))


def _ends(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    """Which is ranked highest, and which lowest."""
    words = some(rng, tuple(rank), WRITTEN)
    ordered = sorted(words, key=rank.__getitem__, reverse=True)
    return _instruction(told, " ".join(words), f"{ordered[0]} {ordered[-1]}")


def _first(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    """Which is ranked highest."""
    words = some(rng, tuple(rank), CHOSEN)
    return _instruction(told, " ".join(words), max(words, key=rank.__getitem__), tuple(words))
