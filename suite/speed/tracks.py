"""Step times of methods against PEFT's LoRA and the frozen backbone, measured side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from accelerate import Accelerator

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.lora import LoRAConfig
from seesaw.suite.costs.setting import Setting
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.workload import Workload, placement_of
from seesaw.suite.records.speed import SpeedRecord
from seesaw.suite.records.store import Store
from seesaw.suite.run.model import build
from seesaw.suite.run.state import make_optimizer
from seesaw.suite.run.train import train_step
from seesaw.suite.speed.runner import Runner, stored, take_turns, with_gradients


def measure_track(
    workload: Workload,
    requests: Sequence[MethodRequest],
    budget: Budget,
    rounds: int,
    store: Store,
) -> Iterator[SpeedRecord]:
    """One speed record per method as the budget sizes it, on the track's own batches.

    In every round the method, PEFT's LoRA of equal total rank and the frozen backbone take one step
    each on the same batch; what drifts in the machine hits all three alike.
    """
    track, tasks = workload.track, len(workload.tasks)
    place = Setting(workload.slug, workload.linears, tasks, placement_of(track))
    for request in requests:
        config = workload.config(request, budget)
        lora = same_rank_lora(config).placed(place.placement, track.recipe.dropout, tasks)
        runners, batch = _on_track(workload, (config, lora, None))
        take_turns(runners, rounds)
        fields = {
            "track": workload.slug,
            "budget": budget.on(track),
            "method": request.name,
            "options": request.options,
            "batch": batch,
        }
        yield stored(fields, (config, lora), runners, place, store)


def same_rank_lora(config: MethodConfig) -> LoRAConfig:
    """PEFT's LoRA with the total rank of `config` at every place."""
    factor = config.total_rank // config.r
    ranks = {place: factor * rank for place, rank in (config.rank_pattern or {}).items()}
    return LoRAConfig(r=config.total_rank, rank_pattern=ranks).scaled(1.0)


def _on_track(
    workload: Workload, configs: Sequence[MethodConfig | None]
) -> tuple[list[Runner], list[int]]:
    """A runner per config, and the size of the batch they all step on."""
    recipe = workload.track.recipe
    family = workload.family
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bf16" else "no")
    drawn = next(family.data.train(np.random.default_rng(0), 1, recipe.batch_size, 1))
    batch = [part.to(accelerator.device) for part in drawn]

    def runner(config: MethodConfig | None) -> Runner:
        model = build(workload, config, seed=0)
        if config is None:
            with_gradients(model.backbone)
        optimizer = make_optimizer(model, recipe)
        prepared, optimizer = accelerator.prepare(model, optimizer)
        prepared.train()
        return Runner(
            model,
            lambda: train_step(
                prepared, batch, family.scoring.loss, optimizer, accelerator, recipe.clip_norm
            ),
        )

    return [runner(config) for config in configs], batch[0].shape
