"""How long planned runs would take, without training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch

from seesaw.methods import routing
from seesaw.suite.plan.plan import Plan
from seesaw.suite.records.store import Store
from seesaw.suite.run.model import build

PROBES = 3


@dataclass(frozen=True)
class Estimate:
    """A planned run, whether it is done already, and about how many seconds it takes."""

    plan: Plan
    done: bool
    seconds: float


def estimate(plans: Sequence[Plan], runs: Store) -> list[Estimate]:
    """Time forward and backward of `PROBES` steps per method and scale up; nothing is learnt."""
    seconds: dict[str, float] = {}
    found = []
    for plan in plans:
        done = runs.finished(plan.spec) is not None
        key = plan.spec.folder
        if not done and key not in seconds:
            seconds[key] = _seconds(plan)
        found.append(Estimate(plan, done, 0.0 if done else seconds[key]))
    return found


def _seconds(plan: Plan) -> float:
    recipe = plan.workload.track.recipe
    learner = plan.workload.learner
    model = build(plan.workload, plan.config, plan.spec.seed)
    order = np.random.default_rng(0)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=recipe.precision == "bf16")
    times = []
    for batches in learner.train_batches(
        order, PROBES + 1, recipe.batch_size, recipe.micro_batches
    ):
        start = time.perf_counter()
        for batch in batches:
            with routing(model, *model.route(batch)), autocast:
                learner.loss(model(batch), batch, len(batch)).backward()
        times.append(time.perf_counter() - start)
    step = median(times[1:])
    # a forward pass is about a third of a step
    examples = learner.eval_size("dev") + learner.eval_size("test")
    evaluation = examples / recipe.batch_size * step / 3
    return recipe.steps * step + evaluation
