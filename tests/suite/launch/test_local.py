"""Runs side by side, through the command line: real worker processes, killed ones among them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from conftest import HANGS, Toy
from records import outcomes_of, record, spec

from seesaw.suite.launch.local import longest_first, runs_at_once
from seesaw.suite.plan.job import Job
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import OUTCOMES, WEIGHTS, Scan, Store
from seesaw.suite.run.bench import Pending
from seesaw.tasks.parallel import cpus

COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from seesaw.commands import main; main()"
)
"""A shell that runs tests in the background hands SIGINT down as ignored."""


def soon(found: Callable[[], object]) -> None:
    """Wait until there is something."""
    end = time.monotonic() + HANGS
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            status = (folder / "status").read_text()
            if f"PPid:\t{pid}\n" in status and "State:\tZ" not in status:
                found.append(int(folder.name))
    return found


def workers(pid: int) -> list[int]:
    """Those that do runs for `pid`: what its only child with children has started."""
    return [own for server in children(pid) for own in children(server)]


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is there any more."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def begun(toy: Toy, *arguments: object) -> subprocess.Popen[str]:
    """`seesaw bench` in a process of its own."""
    given = [str(argument) for argument in toy.arguments(*arguments)]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *given],
        cwd=toy.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_longest_run_begins_first(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    for method, seconds in (("lora", 5.0), ("smora", 50.0)):
        for seed in range(2):
            made = record(outcomes_of(), spec(method, seed))
            assert made.cost is not None
            cost = made.cost.model_copy(update={"total_s": seconds + seed})
            store.add(made.model_copy(update={"cost": cost}), {".parquet": outcomes_of()})
    jobs = [Job(spec=spec(method, 7), track={}) for method in ("lora", "ase", "smora")]
    pending = [Pending(number, job, None) for number, job in enumerate(jobs)]
    ordered = longest_first(pending, store)
    assert [own.job.spec.method for own in ordered] == ["ase", "smora", "lora"]


def scan(toy: Toy) -> Scan:
    return Store(str(toy.runs)).scan()


def numbers(record: Record) -> str:
    """All of a record but its times and where it was made."""
    assert record.cost is not None
    counted = record.cost.flops_train, record.cost.flops_infer, record.cost.passes
    return record.model_dump_json(exclude={"cost", "provenance"}) + str(counted)


def test_as_many_runs_at_once_as_there_are_cpus_for_or_so_many_on_each_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert runs_at_once(None, 1) == cpus()
    assert runs_at_once(None, cpus()) == runs_at_once(None, 10 * cpus()) == 1
    assert runs_at_once(3, 1) == 3
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert (runs_at_once(None, 1), runs_at_once(2, 8)) == (4, 8)


@pytest.mark.slow
def test_two_at_once_leave_the_records_that_one_after_another_leave(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And give back to the system what the libraries in them hold of it."""
    source = str(tomllib.loads(toy_track.path.read_text())["source"])
    holds = f"from multiprocessing import RLock\nfrom {source} import *\nHELD = RLock()\n"
    (toy_track.folder / "holding.py").write_text(holds)
    toy_track.set(source='"holding"')
    monkeypatch.syspath_prepend(toy_track.folder)
    methods = ("lora", "smora", "--seeds", "0,1")
    other = Store(str(toy_track.folder / "beside"))
    process = begun(toy_track, *methods, "--jobs", 2, "--runs", other.address, "--json")
    alone = toy_track.bench(*methods, "--jobs", 1)
    output, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 0, errors
    assert "leaked" not in errors
    order = [("lora", 0), ("lora", 1), ("smora", 0), ("smora", 1)]
    for runs in (alone, json.loads(output[output.index("[\n") :])):
        assert [(run["method"], run["seed"]) for run in runs] == order
    one, two = scan(toy_track).records, other.scan().records
    assert {record.provenance.at_once for record in one} == {1}
    assert {record.provenance.at_once for record in two} == {2}
    assert sorted(map(numbers, one)) == sorted(map(numbers, two))
    for own_run in one:
        (twin,) = [own for own in two if own.id == own_run.id]
        for suffix in (OUTCOMES, WEIGHTS):
            written = (toy_track.runs / f"{own_run.path}{suffix}").read_bytes()
            assert written == (toy_track.folder / "beside" / f"{twin.path}{suffix}").read_bytes()


@pytest.mark.slow
def test_a_worker_that_dies_is_a_failed_run_and_an_interrupt_keeps_what_had_ended(
    toy_track: Toy,
) -> None:
    toy_track.set(steps=100)
    process = begun(toy_track, "lora", "--seeds", "0-49", "--jobs", 2)
    soon(lambda: scan(toy_track).records)  # both workers are in the midst of runs
    os.kill(workers(process.pid)[0], signal.SIGKILL)
    soon(lambda: "failed" in {record.status for record in scan(toy_track).records})
    before = len(scan(toy_track).records)
    soon(lambda: len(scan(toy_track).records) >= before + 2)  # the others are done
    started = workers(process.pid)
    assert len(started) == 2
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert "died before the run had ended" in output + errors
    assert "interrupted; what had ended is stored" in errors
    assert "Traceback" not in errors
    soon(lambda: gone(started))
    found = scan(toy_track).records
    (lost,) = [record for record in found if record.status != "ok"]
    assert "too little memory for 2 runs at once" in (lost.error or "")
    assert 3 < len(found) < 50
    done = next(record.spec.seed for record in found if record.status == "ok")
    again = toy_track.bench("lora", "--seeds", f"{lost.spec.seed},{done}")
    assert {run["seed"]: run["fresh"] for run in again} == {lost.spec.seed: True, done: False}
    assert {run["status"] for run in again} == {"ok"}


@pytest.mark.slow
def test_workers_leave_when_the_call_is_killed(toy_track: Toy) -> None:
    toy_track.set(steps=100)
    process = begun(toy_track, "lora", "--seeds", "0-49", "--jobs", 2)
    soon(lambda: scan(toy_track).records)
    started = workers(process.pid)
    assert len(started) == 2
    process.kill()
    process.communicate(timeout=HANGS)
    assert process.returncode == -signal.SIGKILL
    soon(lambda: gone(started))
    found = scan(toy_track)
    assert {record.status for record in found.records} == {"ok"}
    assert 1 <= len(found.records) < 50


@pytest.mark.slow
def test_one_spec_asked_for_twice_is_one_run(toy_track: Toy) -> None:
    one, two = toy_track.bench("lora", "lora", "--jobs", 2)
    assert one["path"] == two["path"]
    assert len(scan(toy_track).records) == 1
