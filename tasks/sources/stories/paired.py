"""The second version of the tasks: three pairs that may want different things of the same input.

Both tasks of a pair get the same inputs; only the instruction says what is wanted. `conflict` is
the share of words on which they differ: at 0 a pair wants the same answer to every input, at 1 to
none. `translation` and `dialect` say words in another tongue, and so does `code` without a
counterpart; `finding` and `hearing`, `liking` and `wanting` choose what comes first to someone, and
so does `painting` without a counterpart. All rest on many facts that have nothing to do with each
other, so that scores rise bit by bit and seeds agree.
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
from seesaw.tasks.sources.stories.meanings import ranking, rankings, tongues
from seesaw.tasks.sources.stories.text import some
from seesaw.tasks.task import TaskData

Make = Callable[[Generator], Instruction]
WORDS_SEED = 3
"""Beside the data seed, of what words mean; splits have the numbers below it."""
METRICS = {
    "translation": "word_accuracy",
    "dialect": "word_accuracy",
    "code": "word_accuracy",
    "finding": "acc",
    "hearing": "acc",
    "liking": "acc",
    "wanting": "acc",
    "painting": "acc",
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
    conflict = conflict_share(options)
    return [
        draw(InstructionTask(name, metrics=(METRICS[name],), max_new_tokens=8), make, options)
        for name, make in _tasks(options["data_seed"], conflict).items()
    ]


def _tasks(seed: int, conflict: float) -> dict[str, Make]:
    rng = np.random.default_rng((seed, WORDS_SEED))
    velo, dialect = tongues(rng, conflict)
    code, _ = tongues(rng, 0)
    finds, hears = rankings(rng, conflict)
    likes, wants = rankings(rng, conflict)
    return {
        "translation": partial(_said, told="in velo", tongue=velo),
        "dialect": partial(_said, told="in harbour", tongue=dialect),
        "code": partial(_said, told="in tower", tongue=code),
        "finding": partial(_most, told="ben finds", rank=finds),
        "hearing": partial(_most, told="ben hears", rank=hears),
        "liking": partial(_most, told="anna likes", rank=likes),
        "wanting": partial(_most, told="anna calls", rank=wants),
        "painting": partial(_most, told="paul paints", rank=ranking(rng)),
    }


def _instruction(told: str, given: str, answer: str, choices: tuple[str, ...] = ()) -> Instruction:
    # short, since every token costs time
    return Instruction(f"{told}. {given}:", f" {answer}", tuple(f" {c}" for c in choices))


def _said(rng: Generator, told: str, tongue: Mapping[str, str]) -> Instruction:
    """Three words, each said in the tongue; the k-th of all is k times as rare as the first."""
    words, often = tuple(tongue), 1 / np.arange(1, len(tongue) + 1)
    drawn = rng.choice(len(words), 3, replace=False, p=often / often.sum())
    said = [words[int(index)] for index in drawn]
    return _instruction(told, " ".join(said), " ".join(tongue[word] for word in said))


def _most(rng: Generator, told: str, rank: Mapping[str, float]) -> Instruction:
    """Which of five is ranked highest; the closer they are, the harder it is."""
    words = some(rng, tuple(rank), 5)
    return _instruction(told, " ".join(words), max(words, key=rank.__getitem__), tuple(words))
