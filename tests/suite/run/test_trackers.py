"""Runs followed by a tracker of accelerate's, and none that nobody asked for."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import pytest
from accelerate.tracking import LOGGER_TYPE_TO_CLASS, GeneralTracker
from conftest import Seesaw

from seesaw.suite.plan.request import RequestError
from seesaw.suite.records.store import Store


class Notebook(GeneralTracker):
    """A tracker that keeps what it is told."""

    name = "pytest"  # of a package that is there
    requires_logging_directory = False
    told: ClassVar[list[tuple[int | None, dict[str, Any]]]] = []
    config: ClassVar[dict[str, Any]] = {}
    closed: ClassVar[list[str]] = []

    def __init__(self, run: str) -> None:
        super().__init__()
        self.run = run

    @property
    def tracker(self) -> None:
        return None

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.config.update(values)

    def log(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
        self.told.append((step, values))

    def finish(self) -> None:
        self.closed.append(self.run)


@pytest.mark.slow
def test_a_run_is_followed(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "pytest", Notebook)
    options = ["--track", str(tiny_track), "--tasks", "topic", "--track-with", "pytest"]
    seesaw("bench", "molora[balance=0.1]", *options)
    (record,) = Store(str(tmp_path / "runs")).scan().records
    assert Notebook.config == {
        "track": record.spec.track,
        "method": record.spec.variant,
        "budget": record.spec.budget,
        "seed": 0,
    }
    *steps, (last, scores) = Notebook.told
    assert [step for step, _ in steps] == list(range(1, record.steps + 1))
    assert all(values["auxiliary_loss"] > 0 for _, values in steps)
    assert steps[-1][1]["learning_rate"] < steps[len(steps) // 2][1]["learning_rate"]
    assert last == record.steps
    assert scores["dev/topic"] == record.tasks["topic"].shown(record.tasks["topic"].dev)
    assert 0 <= scores["routing/dead"] <= 1
    assert 0 < scores["routing/entropy"] <= 1
    assert Notebook.closed == [f"{record.spec.folder}/{record.spec.prefix}"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tensorboard", "trackio", "mlflow", "wandb"])
def test_real_trackers_keep_a_run_on_this_machine(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pytest.importorskip(name)
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    options = ["--track", str(tiny_track), "--tasks", "topic", "--track-with", name]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="tracker .* fails")
        seesaw("bench", "molora[balance=0.1]", *options)
    (record,) = Store(str(tmp_path / "runs")).scan().records
    assert record.status == "ok"
    if name == "tensorboard":
        assert told_to_tensorboard(tmp_path / "tracked") == record.steps


def told_to_tensorboard(folder: Path) -> int:
    """Steps with a loss, after the file that TensorBoard wrote."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    steps = 0
    for path in folder.rglob("*tfevents*"):
        found = EventAccumulator(str(path))
        found.Reload()
        steps += len(found.Scalars("loss")) if "loss" in found.Tags()["scalars"] else 0
    return steps


@pytest.mark.slow
def test_a_tracker_that_fails_takes_no_run_with_it(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Notebook):
        def log(self, values: dict[str, Any], step: int | None = None, **_: Any) -> None:
            raise ConnectionError("nobody answers")

    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "pytest", Broken)
    options = ["--track", str(tiny_track), "--tasks", "topic", "--track-with", "pytest"]
    with pytest.warns(UserWarning, match="tracker pytest fails, and is left: nobody answers"):
        seesaw("bench", "lora", *options)
    (record,) = Store(str(tmp_path / "runs")).scan().records
    assert record.status == "ok"


def test_unknown_trackers_are_refused_before_anything_runs(
    seesaw: Seesaw, tiny_track: Path
) -> None:
    with pytest.raises(RequestError, match="unknown tracker 'tensorbord'; accelerate has"):
        seesaw("bench", "lora", "--track", str(tiny_track), "--track-with", "tensorbord")


def test_a_tracker_whose_package_is_not_there_is_named(
    seesaw: Seesaw, tiny_track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LOGGER_TYPE_TO_CLASS, "no_such_package", LOGGER_TYPE_TO_CLASS["wandb"])
    with pytest.raises(RequestError, match="the package no_such_package is not installed"):
        seesaw("bench", "lora", "--track", str(tiny_track), "--track-with", "no_such_package")
