"""One run: build, train, score, describe; failures become records too."""

from __future__ import annotations

import hashlib
import io
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from safetensors.torch import load, save
from torch import nn

from methods import routing, routing_state
from methods.method import MethodConfig
from methods.statistics import routing_statistics
from methods.tuner import SLOTS
from suite.measure import PeakMemory, count_flops, count_trainable
from suite.plan import Plan, Workload, stored_config
from suite.provenance import provenance
from suite.record import Cost, Forgetting, ParameterCounts, Record, Routing, TaskResult
from suite.seeds import derive
from suite.store import Store
from suite.train import Diverged, Progress, train
from tasks.learner import Answers, Learner, MultiTaskModel

EVAL_BATCH = 64
EVALUATED = ("dev", "test")
OUTCOME_TYPES = {
    "split": "category",
    "task": "category",
    "family": "category",
    "row": "int32",
    "prediction": "float32",
    "target": "float32",
}
"""Of the columns of outcomes, where they are not what they were made as."""


def pin(threads: int) -> None:
    """Fix what makes two runs of one spec bit-identical on one machine."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


@contextmanager
def seeded(seed: int) -> Any:
    """Torch's global generator at `seed` inside, as before outside."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def build(workload: Workload, config: MethodConfig | None, seed: int) -> MultiTaskModel:
    """Frozen backbone, heads and adapter (none without `config`), each with its own generator."""
    backbone = workload.learner.backbone()
    with seeded(derive(seed, "heads")):
        model = workload.learner.model(backbone, config is not None and config.told_task)
    if config is not None:
        with seeded(derive(seed, "adapter")):
            model.backbone = config.adapt(backbone)
    return in_single_precision(model)


def in_single_precision(model: MultiTaskModel) -> MultiTaskModel:
    """What is trained, and the adapter's buffers, in float32 whatever the frozen weights are in."""
    for module in model.modules():
        for slot in SLOTS:
            if isinstance(own := getattr(module, slot, None), nn.Module):
                own.float()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


def restored(record: Record, workload: Workload, store: Store) -> MultiTaskModel:
    """The model a run ended with, in evaluation mode.

    Raises:
        StoreError: the store has no weights of this run.
    """
    model = build(workload, stored_config(record, workload.track), record.spec.seed)
    model.load_state_dict(load(store.weights(record)), strict=False)
    return model.eval()


@dataclass(frozen=True)
class Result:
    """A record and, of a run that ended `ok`, the files beside it by suffix.

    They are its outcomes (Parquet), its weights (safetensors), and a picture where there is one.
    """

    record: Record
    files: Mapping[str, bytes] = field(default_factory=dict)


def execute(plan: Plan, attempt: int, report: Callable[[Progress], None]) -> Result:
    """Do a run to its end; there is a record whatever the end."""
    record = Record(
        id=plan.spec.id,
        attempt=attempt,
        spec=plan.spec,
        routes_on=plan.config.routes_on,
        told_task=plan.config.told_task,
        status="failed",
        provenance=provenance(),
    )
    try:
        return _execute(plan, record, report)
    except Diverged as error:
        return Result(record.model_copy(update={"status": "diverged", "error": str(error)}))
    except (MemoryError, torch.OutOfMemoryError) as error:
        return Result(record.model_copy(update={"status": "oom", "error": str(error)}))
    except Exception:
        return Result(record.model_copy(update={"error": traceback.format_exc()}))


def _execute(plan: Plan, record: Record, report: Callable[[Progress], None]) -> Result:
    recipe, start = plan.workload.track.recipe, time.perf_counter()
    accelerator = Accelerator(mixed_precision="bf16" if recipe.precision == "bf16" else "no")
    learner = plan.workload.learner
    order = np.random.default_rng(derive(plan.spec.seed, "order"))
    batches = learner.train_batches(order, recipe.steps, recipe.batch_size, recipe.micro_batches)
    with PeakMemory() as memory:
        model = build(plan.workload, plan.config, plan.spec.seed).to(accelerator.device)
        counts = counted(plan, model)
        before = general_loss(model, learner, accelerator)
        with seeded(derive(plan.spec.seed, "dropout")):
            progress = train(
                model,
                batches,
                learner.loss,
                recipe,
                accelerator,
                report,
                plan.config.learning_rate_factor,
            )
        evaluated = time.perf_counter()
        outcomes, usage = predict(model, learner, accelerator, _scoring(learner, progress, report))
        eval_s = time.perf_counter() - evaluated
        after = general_loss(model, learner, accelerator)
        picture = learner.picture(partial(answer, model, accelerator))
    content = to_parquet(outcomes)
    update = {
        "status": "ok",
        "parameters": counts,
        "examples": progress.examples,
        "tokens": progress.tokens,
        "steps": progress.steps,
        "tasks": task_results(learner, outcomes),
        "loss_curve": progress.curve,
        "forgetting": None if before is None else Forgetting(before=before, after=after),
        "routing": {p: Routing(**routing_statistics(table)) for p, table in usage.items()},
        "cost": Cost(
            **flops(model, learner, accelerator),
            passes=model.passes,
            train_s=round(progress.seconds, 3),
            eval_s=round(eval_s, 3),
            total_s=round(time.perf_counter() - start, 3),
            step_s=round(progress.step_median, 5),
            examples_per_s=round(progress.per_second(progress.examples), 2),
            tokens_per_s=round(progress.per_second(progress.tokens), 1),
            peak_memory=memory.bytes,
        ),
        "outcomes_sha256": hashlib.sha256(content).hexdigest(),
    }
    files = {".parquet": content, ".safetensors": save(trained(model))}
    files |= {".webp": picture} if picture else {}
    return Result(record.model_copy(update=update), files)


def trained(model: nn.Module) -> dict[str, torch.Tensor]:
    """Everything a run leaves behind: trained parameters, buffers of the adapter and the heads."""
    names = {name for name, p in model.named_parameters() if p.requires_grad}
    state, own = model.state_dict(), ("heads.", *(f".{slot}." for slot in SLOTS))
    kept = [name for name in state if name in names or any(part in name for part in own)]
    return {name: state[name].detach().cpu().contiguous() for name in kept}


def counted(plan: Plan, model: MultiTaskModel) -> ParameterCounts:
    """Trainable parameters of `model`, found equal to the method's closed form.

    Raises:
        RuntimeError: the closed form is wrong, so the budget was not what it claimed.
    """
    found, claimed = count_trainable(model), plan.parameters
    for kind in ("experts", "router", "task_embedding"):
        if found[kind] != getattr(claimed, kind):
            raise RuntimeError(
                f"{plan.spec.method} trains {found[kind]:,} {kind} parameters, "
                f"its closed form says {getattr(claimed, kind):,}"
            )
    return ParameterCounts(adapter=claimed.total, active=claimed.active, **found)


def answer(model: MultiTaskModel, accelerator: Accelerator, batch: Any) -> Any:
    """The outputs of `model` for one batch."""
    batch = batch.to(accelerator.device)
    routed = routing(model, *model.route(batch))
    with torch.inference_mode(), routed, accelerator.autocast():
        return model(batch)


def _scoring(
    learner: Learner, progress: Progress, report: Callable[[Progress], None]
) -> Callable[[int], None]:
    """Reports how many examples have been handed over to be scored."""
    progress.to_score = sum(learner.eval_size(split) for split in EVALUATED)

    def scored(count: int) -> None:
        progress.scored += count
        report(progress)

    return scored


def predict(
    model: MultiTaskModel,
    learner: Learner,
    accelerator: Accelerator,
    scored: Callable[[int], None] = lambda count: None,
) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    """Outcomes on dev and test, and the gates' usage on test by adapted place.

    `scored` is told the number of examples of every batch.
    """
    model.eval()
    state, frames = routing_state(model), []

    def answers(split: str) -> Answers:
        for batch, rows in learner.eval_batches(split, EVAL_BATCH):
            yield answer(model, accelerator, batch), batch, rows
            scored(len(rows))

    for split in EVALUATED:
        if state is not None:
            state.record_usage = split == "test"
        frames.append(learner.evaluate(split, model, answers(split), routing))
    outcomes = pd.concat(frames, ignore_index=True)
    outcomes = outcomes.sort_values(list(learner.key), ignore_index=True)
    usage: dict[str, torch.Tensor] = {}
    if state is not None:
        state.record_usage, usage = False, dict(state.usage)
    return outcomes, usage


def general_loss(model: MultiTaskModel, learner: Learner, accelerator: Accelerator) -> float | None:
    """Loss on text that is no task's, nats per token; None where there is none."""
    training, total, count = model.training, 0.0, 0
    model.eval()
    for batch, tokens in learner.general_batches():
        total -= float(answer(model, accelerator, batch).sum())
        count += tokens
    model.train(training)
    return round(total / count, 6) if count else None


def to_parquet(outcomes: pd.DataFrame) -> bytes:
    """Outcomes as a compact Parquet file."""
    kinds = {name: OUTCOME_TYPES[name] for name in outcomes.columns if name in OUTCOME_TYPES}
    buffer = io.BytesIO()
    outcomes.astype(kinds).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def task_results(learner: Learner, outcomes: pd.DataFrame) -> dict[str, TaskResult]:
    """Scores of every task, from its outcomes alone, beside those of trivial answers."""
    results = {}
    for index, task in enumerate(learner.tasks):
        results[task.name] = TaskResult(
            n=learner.examples(index, "test"),
            primary=task.metrics[0],
            unit=task.unit,
            lower_is_better=task.lower_is_better,
            **learner.scores(outcomes, task.name, task.metrics),
            **learner.trivial(index),
        )
    return results


def flops(model: MultiTaskModel, learner: Learner, accelerator: Accelerator) -> dict[str, float]:
    """Operation counts of one training step's forward and backward, and of inference."""
    order = np.random.default_rng(0)
    batch = next(learner.train_batches(order, 1, 32, 1))[0].to(accelerator.device)

    def forward() -> torch.Tensor:
        with routing(model, *model.route(batch)), accelerator.autocast():
            return learner.loss(model(batch), batch, len(batch))

    with torch.inference_mode():
        infer = count_flops(forward)
    trained = infer
    if any(p.requires_grad for p in model.parameters()):
        trained = count_flops(lambda: forward().backward())
    return {"flops_train": trained / len(batch), "flops_infer": infer / len(batch)}
