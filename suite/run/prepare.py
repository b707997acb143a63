"""The first stage of a run: a model with its adapter, its batches and its optimiser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from seesaw.methods.core.parameters import Parameters
from seesaw.suite.plan.job import Job
from seesaw.suite.records.record import ParameterCounts
from seesaw.suite.run.determinism import derive
from seesaw.suite.run.evaluate import general_loss
from seesaw.suite.run.honesty import Frozen
from seesaw.suite.run.model import build, counted
from seesaw.suite.run.state import Cursor, TrainingState
from seesaw.tasks.families.family import TaskFamily


@dataclass
class Prepared:
    """The state that training begins with, its batches, and what the model is held against."""

    family: TaskFamily
    state: TrainingState
    batches: Cursor
    counts: ParameterCounts
    claimed: Parameters
    frozen: Frozen
    general_loss: float | None


def prepare(job: Job) -> Prepared:
    """Open the job's track, build the model, count what it trains, and set up the optimiser.

    Raises:
        RuntimeError: the method trains something else than its closed form says.
    """
    workload, config, seed = job.workload, job.config, job.spec.seed
    recipe, family = workload.track.recipe, workload.family
    family.data.forget_cuts()
    accelerator = accelerator_for(recipe.precision)
    order = np.random.default_rng(derive(seed, "order"))
    batches = family.data.train(order, recipe.steps, recipe.batch_size, recipe.micro_batches)
    model = build(workload, config, seed).to(accelerator.device)
    claimed = job.parameters
    counts, frozen = counted(claimed, model, job.spec.method), Frozen.of(model)
    before = general_loss(model, family, accelerator)
    state = TrainingState(model, recipe, accelerator, config.learning_rate_factor)
    return Prepared(family, state, Cursor(batches), counts, claimed, frozen, before)


def accelerator_for(precision: str) -> Accelerator:
    """An accelerator of this run's own: accelerate keeps the first precision it is asked for."""
    AcceleratorState._reset_state()
    return Accelerator(mixed_precision="bf16" if precision == "bf16" else "no")
