"""What is asked again is done again where anything differs that could change the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import Seesaw, Toy, replaced
from safetensors.torch import load, save

from seesaw.suite.records.store import Store, StoreError

PLUGIN = '''
from dataclasses import dataclass
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.registry import register

@register
@dataclass
class PartConfig(GatedConfig):
    """A LoRA at a part of its scale."""

    name = "part"
    title = "a part of a LoRA"
    paper = ""

    def place_parameters(self, place, shape, n_tasks):
        return self.lora_parameters(place, shape)

class Part(Gated, config=PartConfig):
    def gate(self, x, logits, state):
        return x.new_full((*x.shape[:-1], self.rank), 0.50)
'''

SOURCE = """
from seesaw.tasks.task import Example, Task, TaskData

def load(options, folder=None):
    labels = [float(x) for x in (folder / "labels.txt").read_text()]
    rows = [Example(f"it is {n} of {label}", None, label) for n, label in enumerate(labels)]
    return [TaskData(Task("topic", 3), rows[:16], rows[16:20], rows[20:])]
"""


@pytest.mark.slow
def test_a_method_of_another_package_that_changed_runs_again(toy_track: Toy) -> None:
    plugin = toy_track.folder / "plugin"
    info = plugin / "part-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: part\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[seesaw.methods]\npart = part\n")
    for text in (PLUGIN, PLUGIN.replace("0.50", "0.25")):
        (plugin / "part.py").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "seesaw",
             *map(str, toy_track.arguments("part"))],
            env=os.environ | {"PYTHONPATH": str(plugin), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-1000:]
    first, second = Store(str(toy_track.runs)).scan().records
    assert {first.attempt, second.attempt} == {1, 2}
    assert first.outcomes_sha256 != second.outcomes_sha256


def test_a_second_track_file_that_changed_runs_again(toy_track: Toy) -> None:
    other = toy_track.path.with_name("other.toml")
    other.write_text(replaced(toy_track.path, name='"toy"').read_text())
    replaced(other, name='"other"')
    both = ("lora", "--track", f"{toy_track.path},{other}")
    assert [run["fresh"] for run in toy_track.bench(*both)] == [True, True]
    replaced(other, steps=2)
    assert [run["fresh"] for run in toy_track.bench(*both)] == [False, True]


def test_data_that_changed_within_the_same_time_runs_again(
    toy_track: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    (toy_track.folder / "toy_source.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(toy_track.folder)
    toy_track.set(source='"toy_source"', tier='"local"', tasks='["topic"]')
    labels = toy_track.folder / "data" / "labels.txt"
    labels.parent.mkdir()
    ids = []
    for text in ("012" * 10, "021" * 10):
        labels.write_text(text)
        os.utime(labels, ns=(10**18, 10**18))
        (run,) = toy_track.bench("lora", "--tasks", "topic", "--data", labels.parent)
        assert run["fresh"]
        ids.append(run["id"])
    assert ids[0] != ids[1]


ADAPTED = r"'encoder\.layer\.\d+\.attention\.self\.{}'"


@pytest.mark.parametrize(
    ("method", "others"),
    [("lora", ("query", "key")), ("lora_rank[r=2]", ("query", "(query|key)"))],
)
def test_track_files_of_one_name_that_adapt_other_linears_are_other_runs(
    toy_track: Toy, method: str, others: tuple[str, str]
) -> None:
    ids = []
    for adapted in others:
        toy_track.set(adapted=ADAPTED.format(adapted))
        (run,) = toy_track.bench(method, "--budget", "960")
        assert run["fresh"]
        ids.append(run["id"])
    assert ids[0] != ids[1]


def test_another_thread_count_runs_again_or_is_named(toy_track: Toy) -> None:
    toy_track.bench("lora", "--threads", 2)
    said = Seesaw()(*toy_track.arguments("lora", "--threads", 1))
    assert "lora seed 0: ok" in said or "threads" in said


def test_a_run_in_one_store_has_no_twin(toy_track: Toy) -> None:
    for _ in range(2):
        (run,) = toy_track.bench("lora", "--results", toy_track.runs)
        assert run["twin"] is None


def test_the_published_copy_of_a_run_is_not_its_twin(toy_track: Toy) -> None:
    toy_track.bench("lora")
    runs, published = Store(str(toy_track.runs)), Store(str(toy_track.results))
    (record,) = runs.scan().records
    published.add(record, runs.evidence(record))
    (same,) = toy_track.bench("lora")
    assert not same["fresh"]
    assert "reproduced" not in (same["twin"] or "")
    (again,) = toy_track.bench("lora", "--force")
    assert again["twin"] == "reproduced the published record bit for bit"


def of_another_seed(own: bytes, other: bytes) -> bytes:
    return other


def of_nothing(own: bytes, other: bytes) -> bytes:
    return save({})


def one_less(own: bytes, other: bytes) -> bytes:
    return save(dict(sorted(load(own).items())[1:]))


def one_more(own: bytes, other: bytes) -> bytes:
    tensors = load(own)
    return save(tensors | {"heads.more": torch.zeros(3)})


def one_changed(own: bytes, other: bytes) -> bytes:
    tensors = load(own)
    return save(tensors | {name: 2 * tensor for name, tensor in sorted(tensors.items())[:1]})


@pytest.mark.parametrize("task", ["topic", ""])
@pytest.mark.parametrize("change", [of_another_seed, of_nothing, one_less, one_more, one_changed])
def test_weights_that_are_not_the_runs_own_are_not_exported(
    toy_track: Toy, change: Callable[[bytes, bytes], bytes], task: str
) -> None:
    zero, one = toy_track.bench("lora", "--seeds", "0,1")
    paths = [toy_track.runs / f"{run['path']}.safetensors" for run in (zero, one)]
    paths[0].write_bytes(change(*(path.read_bytes() for path in paths)))
    rest = ("--to", "exported", "--runs", toy_track.runs, *toy_track.where)
    with pytest.raises(StoreError, match=paths[0].stem):
        Seesaw()("export", zero["path"], *(("--task", task) if task else ()), *rest)
    assert not Path("exported").exists()
