"""Training stops and goes on: what is kept of it is enough for the same bits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from conftest import Toy, replaced

from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.request import parse_method
from seesaw.suite.plan.workload import Workload
from seesaw.suite.run.determinism import derive, seeded
from seesaw.suite.run.model import trained
from seesaw.suite.run.prepare import Prepared, prepare
from seesaw.suite.run.train import train
from seesaw.tasks.catalogue import get_track

STEPS = 6


def a_job(toy: Toy, method: str) -> Job:
    replaced(toy.path, steps=STEPS, dropout=0.3)
    workload = Workload(get_track(str(toy.path)), None, str(toy.weights), ("topic", "similarity"))
    (job,) = make_jobs(workload, [parse_method(method)], Budget(), [0])
    assert isinstance(job, Job)
    return job


def go_on(prepared: Prepared, until: int | None = None) -> None:
    loss_of = prepared.family.scoring.loss
    train(prepared.state, prepared.batches, loss_of, lambda progress: None, until)


@pytest.mark.parametrize("method", ["smora", "moelora"])
def test_a_training_goes_on_where_it_was_left(toy_track: Toy, method: str) -> None:
    job = a_job(toy_track, method)
    whole = prepare(job)
    with seeded(derive(0, "dropout")):
        go_on(whole)

    first = prepare(job)
    with seeded(derive(0, "dropout")):
        go_on(first, until=STEPS // 2)
        kept: dict[str, Any] = first.state.state_dict()
    second = prepare(job)
    torch.manual_seed(99)
    second.state.load_state_dict(kept)
    go_on(second)

    assert second.batches.taken == STEPS
    assert second.state.progress.curve == whole.state.progress.curve
    wanted = trained(whole.state.model)
    for name, tensor in trained(second.state.model).items():
        assert torch.equal(tensor, wanted[name]), name


def test_the_state_of_another_model_is_refused(toy_track: Toy) -> None:
    kept = prepare(a_job(toy_track, "smora")).state.state_dict()
    other = prepare(a_job(toy_track, "moelora")).state
    with pytest.raises(KeyError, match="trained tensors"):
        other.load_state_dict(kept)
