"""Step times of methods against PEFT's LoRA and the frozen backbone, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import numpy as np
import torch
from accelerate import Accelerator

from methods.lora import LoRAConfig
from methods.method import MethodConfig
from suite.measure import count_flops
from suite.plan import MethodRequest, Plan, Workload
from suite.provenance import provenance
from suite.record import SpeedRecord
from suite.run import build
from suite.store import Store
from suite.train import make_optimizer, train_step
from tasks import backbones
from tasks.encoder import Batch, MultiTaskEncoder, SentenceLearner
from tasks.track import Recipe

WARM_UP = 3
"""Rounds before the counted ones."""


def measure(
    workload: Workload,
    requests: Sequence[MethodRequest],
    budget: int | None,
    rounds: int,
    store: Store,
) -> Iterator[SpeedRecord]:
    """One speed record per method on the track's own batches.

    In every round the method, PEFT's LoRA of equal total rank and the frozen backbone take one step
    each on the same batch; what drifts in the machine hits all three alike.
    """
    target = budget or workload.track.budgets.default
    for request in requests:
        config = workload.config(request, target)
        yield _measure(
            Plan(workload, config, workload.spec(request, config, target, 0)), rounds, store
        )


def same_rank_lora(config: MethodConfig) -> LoRAConfig:
    """PEFT's LoRA with the total rank of `config` at every place."""
    lora = LoRAConfig(r=config.r, rank_pattern=config.rank_pattern or {})
    return lora.scaled(1.0)


def _measure(plan: Plan, rounds: int, store: Store) -> SpeedRecord:
    workload, recipe = plan.workload, plan.workload.track.recipe
    lora = same_rank_lora(plan.config).placed(
        workload.track.backbone.adapted, recipe.dropout, len(workload.data)
    )
    learner = SentenceLearner(
        workload.data, backbones.load_tokenizer(workload.weights), recipe.max_length
    )
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bf16" else "no")
    order = np.random.default_rng(0)
    batch = [
        b.to(accelerator.device)
        for b in next(learner.train_batches(order, 1, recipe.batch_size, 1))
    ]
    models = [build(workload, config, seed=0) for config in (plan.config, lora, None)]
    _let_gradients_through(models[-1])
    steps = [_stepper(model, learner, batch, recipe, accelerator) for model in models]
    flops = [count_flops(step) for step in steps]
    times = _interleaved(steps, rounds)
    record = SpeedRecord(
        attempt=1,
        track=workload.slug,
        budget=plan.spec.budget,
        method=plan.spec.method,
        options=plan.spec.options,
        config=plan.config.describe(),
        lora_config=lora.describe(),
        rounds=rounds,
        batch=[len(batch[0]), batch[0].input_ids.shape[1]],
        step_s=median(times[0]),
        lora_step_s=median(times[1]),
        frozen_step_s=median(times[2]),
        ratio_to_lora=median(a / b for a, b in zip(times[0], times[1], strict=True)),
        ratio_to_frozen=median(a / b for a, b in zip(times[0], times[2], strict=True)),
        flops=flops[0],
        lora_flops=flops[1],
        frozen_flops=flops[2],
        provenance=provenance(),
    )
    return record.model_copy(update={"attempt": store.next_attempt(record)})


def _let_gradients_through(model: MultiTaskEncoder) -> None:
    """Make backward go down to the embeddings, as far as the lowest adapter would need it."""
    embeddings = model.backbone.get_input_embeddings()  # type: ignore[operator]
    embeddings.register_forward_hook(lambda module, inputs, out: out.requires_grad_())


def _stepper(
    model: MultiTaskEncoder,
    learner: SentenceLearner,
    batch: list[Batch],
    recipe: Recipe,
    accelerator: Accelerator,
) -> Callable[[], object]:
    """A function that does one whole optimiser step of `model` on `batch`."""
    columns = model.columns
    optimizer = make_optimizer(model, recipe)
    prepared, optimizer = accelerator.prepare(model, optimizer)
    prepared.train()

    def losses(outputs: torch.Tensor, part: Batch) -> torch.Tensor:
        return learner.losses(outputs, part, columns)

    return lambda: train_step(prepared, batch, losses, optimizer, accelerator, recipe.clip_norm)


def _interleaved(steps: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds of every step by round, in turn; the order turns round with every round."""
    times: list[list[float]] = [[] for _ in steps]
    for number in range(WARM_UP + rounds):
        order = range(len(steps)) if number % 2 else reversed(range(len(steps)))
        for index in order:
            start = time.perf_counter()
            steps[index]()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if number >= WARM_UP:
                times[index].append(time.perf_counter() - start)
    return times
