"""Runs side by side, through the command line: real worker processes, killed ones among them."""

from __future__ import annotations

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
def test_two_at_once_leave_the_records_that_one_after_another_leave(toy_track: Toy) -> None:
    methods = ("lora", "smora", "--seeds", "0,1")
    alone = toy_track.bench(*methods, "--jobs", 1)
    other = Store(str(toy_track.folder / "beside"))
    beside = toy_track.bench(*methods, "--jobs", 2, "--runs", other.address)
    order = [("lora", 0), ("lora", 1), ("smora", 0), ("smora", 1)]
    for runs in (alone, beside):
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
def test_a_worker_that_dies_is_a_failed_run_and_the_others_are_done(toy_track: Toy) -> None:
    toy_track.set(steps=400)
    process = begun(toy_track, "lora", "--seeds", "0-3", "--jobs", 2)
    soon(lambda: scan(toy_track).records)  # both workers are in the midst of runs
    os.kill(workers(process.pid)[0], signal.SIGKILL)
    output, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 1, errors
    assert "died before the run had ended" in output + errors
    ends = [(record.status, record.error or "") for record in scan(toy_track).records]
    (lost,) = [error for status, error in ends if status == "failed"]
    assert "too little memory for 2 runs at once" in lost
    assert [status for status, _ in ends].count("ok") == 3
    again = toy_track.bench("lora", "--seeds", "0-3")
    assert [run["fresh"] for run in again].count(True) == 1
    assert {run["status"] for run in again} == {"ok"}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_leave_with_the_call(toy_track: Toy, how: signal.Signals) -> None:
    toy_track.set(steps=400)
    process = begun(toy_track, "lora", "--seeds", "0-19", "--jobs", 2)
    soon(lambda: scan(toy_track).records)
    started = workers(process.pid)
    assert len(started) == 2
    process.send_signal(how)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    if how is signal.SIGINT:
        assert "interrupted; what had ended is stored" in errors
        assert "Traceback" not in errors
    soon(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    found = scan(toy_track)
    assert {record.status for record in found.records} == {"ok"}
    assert 1 <= len(found.records) < 20


@pytest.mark.slow
def test_workers_give_back_what_libraries_hold_of_the_system(toy_track: Toy) -> None:
    source = str(tomllib.loads(toy_track.path.read_text())["source"])
    holds = f"from multiprocessing import RLock\nfrom {source} import *\nHELD = RLock()\n"
    (toy_track.folder / "holding.py").write_text(holds)
    toy_track.set(source='"holding"')
    process = begun(toy_track, "lora", "--seeds", "0-1", "--jobs", 2)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 0, errors
    assert "leaked" not in errors


@pytest.mark.slow
def test_one_spec_asked_for_twice_is_one_run(toy_track: Toy) -> None:
    one, two = toy_track.bench("lora", "lora", "--jobs", 2)
    assert one["path"] == two["path"]
    assert len(scan(toy_track).records) == 1
