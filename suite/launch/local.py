"""Runs side by side on this machine: some worker processes, each doing one run after another."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from queue import SimpleQueue
from statistics import median

import torch

from seesaw.suite.records.store import Store
from seesaw.suite.run.bench import Launcher, Outcome, Pending, Watcher, keep, run
from seesaw.suite.run.determinism import pin
from seesaw.suite.run.execute import failed
from seesaw.suite.run.state import Progress
from seesaw.tasks.parallel import cpus, share

Report = Callable[[Progress], None]
SERVER = multiprocessing.get_context("forkserver")
"""Workers are forks of a process that has imported all of this and computed nothing.

A fork of this process would inherit torch's threads; one that starts afresh imports for seconds.
"""
SERVER.set_forkserver_preload([__name__])
EVERY = 0.2
"""Seconds between two reports of a run's progress."""
DIED = (
    "the process of this run died before the run had ended; where nobody stopped it, there was too "
    "little memory for {} runs at once (see --jobs)"
)
_reports: Connection
"""Of a worker: where its progress goes."""


def runs_at_once(jobs: int | None, threads: int) -> int:
    """So many per GPU, by default one; without GPUs as many, by default what CPUs there are for."""
    if gpus := torch.cuda.device_count():
        return gpus * (jobs or 1)
    return jobs or max(1, cpus() // threads)


def launcher(jobs: int | None, threads: int) -> Launcher:
    """What does as many runs at a time as `runs_at_once` says, with so many threads each.

    Where there are GPUs, worker i computes on GPU i modulo their number. A worker that dies leaves
    a failed record of its run, and another takes its place. A single run is done in this process.
    """

    def launch(
        pending: Sequence[Pending], runs: Store, published: Store, watcher: Watcher
    ) -> Iterator[tuple[Pending, Outcome]]:
        at_once = min(runs_at_once(jobs, threads), len(pending))
        if at_once > 1:
            yield from _side_by_side(pending, runs, published, watcher, at_once, threads)
            return
        for own in pending:
            yield own, run(own, runs, published, watcher.started(own.job))

    return launch


def _side_by_side(
    pending: Sequence[Pending],
    runs: Store,
    published: Store,
    watcher: Watcher,
    at_once: int,
    threads: int,
) -> Iterator[tuple[Pending, Outcome]]:
    waiting = deque(longest_first(pending, published))
    ended = SimpleQueue[tuple[Pending, Outcome] | BaseException]()

    def work(worker: Worker) -> None:
        try:
            for own in _taken(waiting):
                done = worker.run(own, runs, published, watcher.started(own.job))
                ended.put((own, done))
            worker.pool.shutdown()  # what it holds of the system is given back
        except BaseException as error:  # whoever waits must hear of it
            ended.put(error)

    with _alive() as alive:
        workers = [
            threading.Thread(
                target=work, args=(Worker(slot, at_once, threads, alive),), daemon=True
            )
            for slot in range(at_once)
        ]
        for own in workers:
            own.start()
        try:
            for _ in pending:
                found = ended.get()
                if isinstance(found, BaseException):
                    raise found
                yield found
            for own in workers:
                own.join()
        finally:
            waiting.clear()


def longest_first(pending: Sequence[Pending], published: Store) -> list[Pending]:
    """By the median of what published seeds of the same entry took; what nobody knows comes first.

    A long run that begins last keeps one worker busy while the others have nothing to do.
    """
    seconds: dict[str, float] = {}

    def expected(own: Pending) -> float:
        spec = own.job.spec
        entry = spec.model_copy(update={"seed": 0}).id
        if entry not in seconds:
            known = [record.cost.total_s for record in published.seeds(spec) if record.cost]
            seconds[entry] = median(known) if known else math.inf
        return seconds[entry]

    return sorted(pending, key=expected, reverse=True)


def _taken(waiting: deque[Pending]) -> Iterator[Pending]:
    """One after another, until nothing waits; several threads may take."""
    while True:
        try:
            own = waiting.popleft()
        except IndexError:
            return
        yield own


@contextmanager
def _alive() -> Iterator[Connection]:
    """What workers read from: it ends when this block is left, or with this process."""
    reader, writer = SERVER.Pipe(duplex=False)
    try:
        yield reader
    finally:
        reader.close()
        writer.close()


@dataclass
class Worker:
    """A process that does one run after another, and its successor if it dies.

    `alive` tells the process when to leave; it is the worker numbered `slot` of `at_once`.
    """

    slot: int
    at_once: int
    threads: int
    alive: Connection

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        # a pipe of its own: who dies while writing holds up nobody else
        self.reports, writer = SERVER.Pipe(duplex=False)
        given = (self.slot, self.at_once, self.threads, writer, self.alive)
        self.pool = ProcessPoolExecutor(1, SERVER, _begin, given)

    def run(self, own: Pending, runs: Store, published: Store, report: Report) -> Outcome:
        """Do a run there; a record says so if the process dies of it."""
        future = self.pool.submit(_run, own, runs.address, published.address)
        while wait([future], EVERY).not_done:
            if self.reports.poll():
                report(self.reports.recv())
        while self.reports.poll():  # of this run, and nothing to the next one
            self.reports.recv()
        try:
            return future.result()
        except BrokenProcessPool:
            if self.alive.closed:  # it was told to leave
                raise
            self._start()
            lost = failed(own.job, runs.next_attempt(own.job.spec), DIED.format(self.at_once))
            return keep(lost, runs, published, own.note)


def _begin(slot: int, at_once: int, threads: int, reports: Connection, alive: Connection) -> None:
    """Make a worker out of a forked process."""
    global _reports
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it leaves with `alive`, without a traceback
    threading.Thread(target=_leave_with, args=(alive,), daemon=True).start()
    if count := torch.cuda.device_count():
        torch.cuda.set_device(slot % count)
    pin(threads)
    share(at_once)
    _reports = reports


def _leave_with(alive: Connection) -> None:
    with suppress(EOFError, OSError):
        alive.recv_bytes()
    os._exit(1)


def _run(own: Pending, runs: str, published: str) -> Outcome:
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= 2 * EVERY:  # twice as long as the reader takes
            last = now
            _reports.send(replace(progress, step_seconds=[], curve=[], window=[]))

    return run(own, Store(runs), Store(published), report)
