"""Work spread over processes, in the order of its items."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TypeAlias, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Later: TypeAlias = Callable[[], Result]
"""Waits for a result."""
AHEAD = 4
"""Chunks per process that are read before their turn; a set is never held as a whole."""
WORTH = 100
"""Images from which on other processes are started: each imports for seconds."""
_sharing = 1
"""How many processes do runs on this machine, this one among them."""


def share(processes: int) -> None:
    """Say that so many processes, this one among them, do runs side by side from now on."""
    global _sharing
    _sharing = processes


def sharing() -> int:
    """How many processes do runs side by side, 1 where this one is alone."""
    return _sharing


def cpus() -> int:
    """CPUs this process may use, its part where it shares them; all where a system is silent."""
    known = hasattr(os, "sched_getaffinity")
    count = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, count // _sharing)


def helping(count: int) -> int:
    """Processes for so many images: all CPUs, or this one where others would still be starting."""
    return cpus() if count >= WORTH else 1


def mapped(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int, chunk: int = 4
) -> Iterator[Result]:
    """`function` of every item; each of the `processes` computes with one thread.

    One process is this one. Others start afresh, since a fork would inherit torch's threads.
    """
    if processes == 1:
        yield from map(function, items)
        return
    waiting: deque[Future[list[Result]]] = deque()
    with _pool(processes) as pool:
        rest = iter(items)
        for part in iter(lambda: list(islice(rest, chunk)), []):
            waiting.append(pool.submit(_each, function, part))
            if len(waiting) >= AHEAD * processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


@contextmanager
def beside(processes: int) -> Iterator[Callable[[Callable[[Item], Result], Item], Later[Result]]]:
    """Have work done by other processes while this one goes on.

    What is yielded takes a function and an item, and gives back what waits for the result. One
    process is this one, which does each piece of work when it is asked for.
    """
    if processes == 1:
        yield partial
        return
    with _pool(processes) as pool:
        yield lambda function, item: pool.submit(function, item).result


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that start now; each computes with one thread."""
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        with _one_thread():
            pool.submit(int)  # all of them start with the first item
        yield pool


def _each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    return [function(item) for item in items]


@contextmanager
def _one_thread() -> Iterator[None]:
    """What starts inside computes with one thread; libraries read this when they are loaded."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
