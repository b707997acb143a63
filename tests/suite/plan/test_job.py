"""A run as data: it travels as JSON, and a process that knows nothing else does it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Toy
from pydantic import ValidationError

from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.request import parse_method
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.store import Store
from seesaw.tasks.catalogue import get_track

ELSEWHERE = """
import json, sys
from seesaw.suite.plan.job import Job
from seesaw.suite.records.store import Store
from seesaw.suite.run.determinism import pin
from seesaw.suite.run.execute import execute

pin(1)
result = execute(Job.from_dict(json.loads(sys.stdin.read())), 1, lambda progress: None)
Store(sys.argv[1]).add(result.record, result.files)
"""


def a_job(toy: Toy, method: str = "smora") -> Job:
    workload = Workload(get_track(str(toy.path)), None, str(toy.weights), ("topic", "similarity"))
    (job,) = make_jobs(workload, [parse_method(method)], Budget(), [0])
    assert isinstance(job, Job)
    return job


def test_a_job_comes_back_as_it_was(toy_track: Toy) -> None:
    job = a_job(toy_track)
    again = Job.from_dict(json.loads(json.dumps(job.to_dict())))
    assert again == job
    assert again.workload is job.workload
    assert again.config.describe() == job.spec.config
    assert again.parameters == job.parameters


@pytest.mark.slow
def test_a_fresh_process_does_a_job_to_the_same_record(toy_track: Toy, tmp_path: Path) -> None:
    job = a_job(toy_track)
    toy_track.path.unlink()  # the snapshot is all it takes
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(tmp_path / "elsewhere")],
        input=json.dumps(job.to_dict()),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (there,) = Store(str(tmp_path / "elsewhere")).scan().records
    assert there.spec == job.spec

    from seesaw.suite.run.determinism import pin
    from seesaw.suite.run.execute import execute

    pin(1)
    here = execute(job, 1, lambda progress: None).record
    assert there.status == "ok"
    assert there.outcomes_sha256 == here.outcomes_sha256
    assert there.trained_sha256 == here.trained_sha256


def test_a_job_with_a_field_more_is_refused(toy_track: Toy) -> None:
    with pytest.raises(ValidationError, match="launcher"):
        Job.from_dict(a_job(toy_track).to_dict() | {"launcher": "local"})
