"""How long planned runs would take: one method of a track is timed, arithmetic says the rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from seesaw.methods.core.method import MethodConfig
from seesaw.suite.costs.setting import Setting as Setting
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.workload import Workload, placement_of
from seesaw.suite.records.store import Store
from seesaw.suite.run.model import build
from seesaw.suite.run.prepare import accelerator_for
from seesaw.tasks.families.family import routed

PROBES = 2
"""Steps that are timed, after one that is not."""


@dataclass(frozen=True)
class Estimate:
    """A planned run, whether it is done already, and about how many seconds it takes."""

    job: Job | Refused
    done: bool
    seconds: float


def estimate(jobs: Sequence[Job | Refused], runs: Store) -> list[Estimate]:
    """Time a few steps of the first method of every track that is not done; nothing is learnt.

    Other methods take as much longer as they have more operations per token.
    """
    probed: dict[str, tuple[float, float]] = {}
    found = []
    for job in jobs:
        if isinstance(job, Refused) or runs.finished(job.spec) is not None:
            found.append(Estimate(job, not isinstance(job, Refused), 0.0))
            continue
        workload, config = job.workload, job.config
        operations = _operations(workload, config)
        if workload.slug not in probed:
            probed[workload.slug] = _seconds(workload, config), operations
        seconds, reference = probed[workload.slug]
        found.append(Estimate(job, False, seconds * operations / reference))
    return found


def _operations(workload: Workload, config: MethodConfig) -> int:
    setting = Setting(
        workload.slug,
        workload.linears,
        len(workload.tasks),
        placement_of(workload.track),
        dense=workload.track.kind == "dense",
    )
    return setting.training_flops(config, setting.parameters(config))


def _seconds(workload: Workload, config: MethodConfig) -> float:
    """Seconds of a whole run of `config`, from a few steps and the number of examples scored."""
    recipe, family = workload.track.recipe, workload.family
    accelerator = accelerator_for(recipe.precision)
    model = build(workload, config, seed=0).to(accelerator.device)
    learns = any(p.requires_grad for p in model.parameters())
    order, times = np.random.default_rng(0), []
    for batches in family.data.train(order, PROBES + 1, recipe.batch_size, recipe.micro_batches):
        start = time.perf_counter()
        for batch in batches:
            own = batch.to(accelerator.device)
            with routed(model, own), accelerator.autocast():
                loss = family.scoring.loss(model(own), own, len(own))
            if learns:
                loss.backward()
            loss.item()  # a GPU is waited for
        times.append(time.perf_counter() - start)
    step = median(times[1:])
    # a forward pass is about a third of a step
    examples = family.data.eval_size("dev") + family.data.eval_size("test")
    evaluation = examples / recipe.batch_size * step / (3 if learns else 1)
    return (recipe.steps * step if learns else 0.0) + evaluation
