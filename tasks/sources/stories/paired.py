"""The second version of the tasks: three pairs that may want different things of the same input.

Every task has an order of many words that is never shown, and asks about some of them. In `seeing`
and `following`, and in `helping`, which has no counterpart, the first and the last of six are
written; in `finding` and `hearing`, `liking` and `wanting`, and in `painting`, which has none
either, the first of four is chosen. The closer two words are in the order, the harder: scores rise
bit by bit. The LM has met other orders before, so that adapters learn these and not what an order
is, and seeds agree. Both tasks of a pair get the same inputs, and only the instruction says
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
from seesaw.tasks.sources.stories.questions import ends, first
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
        "seeing": partial(ends, told="carl sees", rank=sees),
        "following": partial(ends, told="carl follows", rank=follows),
        "helping": partial(ends, told="dora helps", rank=helps),
        "finding": partial(first, told="ben finds", rank=finds),
        "hearing": partial(first, told="ben hears", rank=hears),
        "liking": partial(first, told="anna likes", rank=likes),
        "wanting": partial(first, told="anna calls", rank=wants),
        "painting": partial(first, told="paul paints", rank=ranking(rng)),
    }
