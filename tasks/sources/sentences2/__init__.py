"""Seven sentence tasks of graded difficulty; tests hold words that training never showed.

Two pairs of tasks read the same sentences: the favour of an adjective and the price of a thing, the
standing of a person and the danger of a thing. `conflict` is the share of those sentences whose
right answers differ; in the others they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from seesaw.tasks.sources.dial import conflict_share
from seesaw.tasks.sources.sentences2 import similarity, singles
from seesaw.tasks.sources.sentences2.pairs import PAIRS
from seesaw.tasks.task import SPLITS, DataError, Example, Task, TaskData

Row = tuple[Example, ...]
"""One example for each task of a group, of the same text."""
Draw = Callable[[Random, str, bool], Row]
"""A row of a split, its answers disputed or not."""

TRIES = 1000
"""Draws in a row that may give nothing new before there is nothing new."""


def _alone(generate: Callable[[Random, str], Example]) -> Draw:
    return lambda rng, split, disputed: (generate(rng, split),)


GROUPS: Mapping[tuple[Task, ...], Draw] = {
    **{pair.tasks: pair.generate for pair in PAIRS},
    (similarity.TASK,): _alone(similarity.generate),
    **{(scale.task,): _alone(scale.generate) for scale in singles.SCALES},
}


def load(options: Mapping[str, Any], folder: Path | None = None) -> list[TaskData]:
    """Generate all tasks.

    Args:
        options: `conflict` in [0, 1], `data_seed`, and the sizes `train`, `dev`, `test` per task.
        folder: unused; this track needs no data from outside.

    Raises:
        DataError: `conflict` is not in [0, 1], or there are fewer sentences than a size asks for.
    """
    conflict, found = conflict_share(options), []
    for tasks, draw in GROUPS.items():
        splits, seen = [], set[str]()
        for split in SPLITS:
            # of its own, so that the size of one split changes no other
            rng = Random(f"{options['data_seed']}/{tasks[0].name}/{split}")
            size = options[split]
            rows = _rows(partial(draw, rng, split), size, round(conflict * size), seen)
            if len(rows) < size:
                raise DataError(
                    f"{tasks[0].name}: {split} is {size}; there are about {len(rows)} different "
                    "sentences"
                )
            rng.shuffle(rows)
            splits.append(rows)
        for side, task in enumerate(tasks):
            found.append(TaskData(task, *[[row[side] for row in rows] for rows in splits]))
    return found


def _rows(draw: Callable[[bool], Row], size: int, disputed: int, seen: set[str]) -> list[Row]:
    """At most `size` rows, the first `disputed` disputed; their texts join `seen`.

    No text is in it before, and there are fewer rows only if there are no other texts.
    """
    rows: list[Row] = []
    tries = 0
    while len(rows) < size and tries < TRIES:
        row = draw(len(rows) < disputed)
        text = f"{row[0].text_a} {row[0].text_b}"
        tries = tries + 1 if text in seen else 0
        if not tries:
            seen.add(text)
            rows.append(row)
    return rows
