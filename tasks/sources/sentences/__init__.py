"""Eight sentence tasks in generated English, the same examples on every machine.

`conflict` is the share of the examples of four tasks that come in pairs: the same sentence stands
in both tasks of a pair, and the right answers are opposite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from seesaw.tasks.sources.dial import conflict_share
from seesaw.tasks.sources.sentences import (
    acceptability,
    entailment,
    numbers,
    paraphrase,
    reference,
    sentiment,
    similarity,
    topic,
)
from seesaw.tasks.sources.sentences.conflict import PAIRS
from seesaw.tasks.task import SPLITS, Example, TaskData

MODULES: tuple[ModuleType, ...] = (
    acceptability,
    sentiment,
    entailment,
    paraphrase,
    topic,
    similarity,
    reference,
    numbers,
)
TASKS = tuple(module.TASK for module in MODULES)


def load(options: Mapping[str, Any], folder: Path | None = None) -> list[TaskData]:
    """Generate all eight tasks.

    Args:
        options: `conflict` in [0, 1], `data_seed`, and the sizes `train`, `dev`, `test` per task.
        folder: unused; this track needs no data from outside.

    Raises:
        DataError: `conflict` is not in [0, 1].
    """
    conflict, seed = conflict_share(options), options["data_seed"]
    sizes = [options[split] for split in SPLITS]
    shared = [round(conflict * size) for size in sizes]
    pools: dict[str, list[list[Example]]] = {m.TASK.name: [[], [], []] for m in MODULES}
    for pair, generate_pair in PAIRS.items():
        rng = Random(f"{seed}/{'+'.join(pair)}")
        rows = _distinct(sum(shared), partial(generate_pair, rng))
        for side, name in enumerate(pair):
            pools[name] = _cut([row[side] for row in rows], shared)
    return [_task_data(module, pools[module.TASK.name], sizes, seed) for module in MODULES]


def _task_data(
    module: ModuleType, shared: list[list[Example]], sizes: list[int], seed: int
) -> TaskData:
    rng = Random(f"{seed}/{module.TASK.name}")
    own = [size - len(part) for size, part in zip(sizes, shared, strict=True)]
    taken = {example[:2] for part in shared for example in part}
    rows = [row for (row,) in _distinct(sum(own), lambda: (module.generate(rng),), taken)]
    splits = [a + b for a, b in zip(_cut(rows, own), shared, strict=True)]
    for split in splits:
        rng.shuffle(split)
    return TaskData(module.TASK, *splits)


def _distinct(
    count: int, draw: Callable[[], tuple[Example, ...]], taken: Iterable[tuple[Any, ...]] = ()
) -> list[tuple[Example, ...]]:
    """`count` draws whose texts differ from each other and from `taken`: no text in two splits."""
    found: dict[tuple[Any, ...], tuple[Example, ...]] = {}
    seen = set(taken)
    while len(found) < count:
        row = draw()
        if row[0][:2] not in seen:
            found.setdefault(row[0][:2], row)
    return list(found.values())


def _cut(rows: list[Any], sizes: list[int]) -> list[list[Any]]:
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [rows[end - size : end] for end, size in zip(ends, sizes, strict=True)]
