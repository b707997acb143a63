"""Step times of methods against PEFT's LoRA and the frozen backbone, measured side by side."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from methods.inputs import input_embedding
from methods.lora import LoRAConfig
from methods.method import MethodConfig
from suite.build import build
from suite.compare import Place
from suite.measure import PeakMemory, count_flops, saved_for_backward
from suite.plan import MethodRequest, Workload, placement_of
from suite.provenance import provenance
from suite.speed_record import SpeedRecord
from suite.store import Store
from suite.train import make_optimizer, train_step


@dataclass
class Runner:
    """A model and a function that does one whole optimiser step of it, with what was measured."""

    model: nn.Module
    step: Callable[[], object]
    flops: int = 0
    saved_bytes: int = 0
    peak_memory: int = 0
    times: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Operations, bytes saved for backward, and memory of one step over what is held."""
        self.flops = count_flops(self.step)
        with saved_for_backward(*self.model.parameters()) as kept:
            self.step()
        self.saved_bytes = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
        del kept
        gc.collect()
        with PeakMemory() as memory:
            self.step()
        self.peak_memory = memory.grown

    @property
    def seconds(self) -> float:
        """Median over the rounds."""
        return median(self.times)


def with_gradients(backbone: nn.Module) -> nn.Module:
    """Make backward go down to the embeddings, as far as the lowest adapter would need it."""
    input_embedding(backbone).register_forward_hook(lambda _, inputs, out: out.requires_grad_())
    return backbone


def measure_track(
    workload: Workload,
    requests: Sequence[MethodRequest],
    budget: int | None,
    rounds: int,
    store: Store,
) -> Iterator[SpeedRecord]:
    """One speed record per method as the budget sizes it, on the track's own batches.

    In every round the method, PEFT's LoRA of equal total rank and the frozen backbone take one step
    each on the same batch; what drifts in the machine hits all three alike.
    """
    track, tasks = workload.track, len(workload.tasks)
    target = budget or track.budgets.default
    place = Place(workload.slug, workload.linears, tasks, placement_of(track))
    for request in requests:
        config = workload.config(request, target)
        lora = same_rank_lora(config).placed(place.placement, track.recipe.dropout, tasks)
        runners, batch = _on_track(workload, (config, lora, None))
        take_turns(runners, rounds)
        fields = {
            "track": workload.slug,
            "budget": target,
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
    learner = workload.learner
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bf16" else "no")
    drawn = next(learner.train_batches(np.random.default_rng(0), 1, recipe.batch_size, 1))
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
                prepared, batch, learner.loss, optimizer, accelerator, recipe.clip_norm
            ),
        )

    return [runner(config) for config in configs], batch[0].shape


def take_turns(runners: Sequence[Runner], rounds: int) -> None:
    """Time one step of each in every round; the order turns round with every round.

    An untimed step goes before, so that what another model left in caches and allocator is not
    counted.
    """
    for runner in runners:
        runner.measure()
    for number in range(rounds):
        for runner in runners if number % 2 else reversed(runners):
            runner.step()
            _wait()
            start = time.perf_counter()
            runner.step()
            _wait()
            runner.times.append(time.perf_counter() - start)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def stored(
    fields: Mapping[str, Any],
    configs: tuple[MethodConfig, MethodConfig],
    runners: Sequence[Runner],
    place: Place,
    store: Store,
) -> SpeedRecord:
    """The record of one method: its runner, LoRA's and the frozen backbone's, in this order."""
    own, lora, frozen = runners
    pairs = {"lora": zip(own.times, lora.times, strict=True)}
    pairs["frozen"] = zip(own.times, frozen.times, strict=True)
    ratios = {name: median(a / b for a, b in pair) for name, pair in pairs.items()}
    record = SpeedRecord(
        attempt=1,
        **fields,
        config=configs[0].describe(),
        lora_config=configs[1].describe(),
        rounds=len(own.times),
        step_s=own.seconds,
        lora_step_s=lora.seconds,
        frozen_step_s=frozen.seconds,
        ratio_to_lora=ratios["lora"],
        ratio_to_frozen=ratios["frozen"],
        flops=own.flops,
        lora_flops=lora.flops,
        frozen_flops=frozen.flops,
        saved_per_token=place.saved(configs[0]),
        saved_bytes=own.saved_bytes,
        lora_saved_bytes=lora.saved_bytes,
        frozen_saved_bytes=frozen.saved_bytes,
        peak_memory=own.peak_memory,
        lora_peak_memory=lora.peak_memory,
        provenance=provenance(),
    )
    return record.model_copy(update={"attempt": store.next_attempt(record)})
