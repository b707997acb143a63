"""One run: build, train, score, describe; failures become records too."""

from __future__ import annotations

import hashlib
import io
import time
import traceback
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from accelerate import Accelerator
from safetensors.torch import save
from torch import nn

from methods import routing, routing_state
from methods.method import MethodConfig
from methods.statistics import routing_statistics
from methods.tuner import SLOTS
from suite.measure import PeakMemory, count_flops, count_trainable
from suite.plan import Plan, Workload
from suite.provenance import provenance
from suite.record import Cost, ParameterCounts, Record, Routing, TaskResult
from suite.seeds import derive
from suite.train import Diverged, Progress, train
from tasks import backbones
from tasks.baselines import bag_of_words, constant
from tasks.encoder import MultiTaskEncoder, SentenceLearner
from tasks.metrics import score

EVAL_BATCH = 64
OUTCOME_COLUMNS = ("split", "task", "row", "prediction", "target")


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


def build(workload: Workload, config: MethodConfig | None, seed: int) -> MultiTaskEncoder:
    """Frozen backbone, heads and adapter (none without `config`), each with its own generator."""
    backbone = backbones.load_model(workload.weights)
    with seeded(derive(seed, "heads")):
        model = MultiTaskEncoder(backbone, workload.data)
    if config is not None:
        with seeded(derive(seed, "adapter")):
            model.backbone = config.adapt(backbone)
    return model


@dataclass(frozen=True)
class Result:
    """A record and, of a run that ended `ok`, its outcomes (Parquet) and weights (safetensors)."""

    record: Record
    outcomes: bytes | None = None
    weights: bytes | None = None


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
    learner = SentenceLearner(
        plan.workload.data, backbones.load_tokenizer(plan.workload.weights), recipe.max_length
    )
    order = np.random.default_rng(derive(plan.spec.seed, "order"))
    batches = learner.train_batches(order, recipe.steps, recipe.batch_size, recipe.micro_batches)
    with PeakMemory() as memory:
        model = build(plan.workload, plan.config, plan.spec.seed).to(accelerator.device)
        counts = counted(plan, model)
        with seeded(derive(plan.spec.seed, "dropout")):
            progress = train(
                model,
                batches,
                lambda outputs, batch: learner.losses(outputs, batch, model.columns),
                recipe,
                accelerator,
                report,
                plan.config.learning_rate_factor,
            )
        evaluated = time.perf_counter()
        outcomes, usage = predict(model, learner, accelerator)
        eval_s = time.perf_counter() - evaluated
    content = to_parquet(outcomes)
    update = {
        "status": "ok",
        "parameters": counts,
        "examples": progress.examples,
        "tokens": progress.tokens,
        "steps": progress.steps,
        "tasks": task_results(plan, outcomes),
        "loss_curve": progress.curve,
        "routing": {p: Routing(**routing_statistics(table)) for p, table in usage.items()},
        "cost": Cost(
            **flops(model, learner, accelerator),
            train_s=round(progress.seconds, 3),
            eval_s=round(eval_s, 3),
            total_s=round(time.perf_counter() - start, 3),
            step_s=round(progress.step_median, 5),
            examples_per_s=round(progress.examples / progress.seconds, 2),
            peak_memory=memory.bytes,
        ),
        "outcomes_sha256": hashlib.sha256(content).hexdigest(),
    }
    return Result(record.model_copy(update=update), content, save(trained(model)))


def trained(model: nn.Module) -> dict[str, torch.Tensor]:
    """Everything a run leaves behind: trained parameters, and buffers of the adapter."""
    names = {name for name, p in model.named_parameters() if p.requires_grad}
    state = model.state_dict()
    kept = [name for name in state if name in names or any(f".{slot}." in name for slot in SLOTS)]
    return {name: state[name].detach().cpu().contiguous() for name in kept}


def counted(plan: Plan, model: MultiTaskEncoder) -> ParameterCounts:
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


def predict(
    model: MultiTaskEncoder, learner: SentenceLearner, accelerator: Accelerator
) -> tuple[pd.DataFrame, dict[str, torch.Tensor]]:
    """Predictions on dev and test, and the gates' usage on test by adapted place."""
    model.eval()
    state, frames = routing_state(model), []
    for split in ("dev", "test"):
        if state is not None:
            state.record_usage = split == "test"
        for batch, rows in learner.eval_batches(split, EVAL_BATCH):
            batch = batch.to(accelerator.device)
            task = int(batch.task_ids[0])
            routed = routing(model, batch.task_ids, batch.mask)
            with torch.inference_mode(), routed, accelerator.autocast():
                outputs = model(batch)
            frame = pd.DataFrame({"row": rows})
            frame["prediction"] = learner.answers(outputs, task, model.columns)
            frame["target"] = batch.labels.cpu().numpy()
            frames.append(frame.assign(split=split, task=learner.data[task].task.name))
    outcomes = pd.concat(frames, ignore_index=True)[list(OUTCOME_COLUMNS)]
    outcomes = outcomes.sort_values(["split", "task", "row"], ignore_index=True)
    usage: dict[str, torch.Tensor] = {}
    if state is not None:
        state.record_usage, usage = False, dict(state.usage)
    return outcomes, usage


def to_parquet(outcomes: pd.DataFrame) -> bytes:
    """Outcomes as a compact Parquet file: (split, task, row, prediction, target)."""
    small = outcomes.astype(
        {"split": "category", "task": "category", "row": "int32"}
        | {"prediction": "float32", "target": "float32"}
    )
    buffer = io.BytesIO()
    small.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def task_results(plan: Plan, outcomes: pd.DataFrame) -> dict[str, TaskResult]:
    """Scores of every task, from its outcomes alone, beside those of trivial answers."""
    results = {}
    for data in plan.workload.data:
        scores = scores_of(outcomes, data.task.name, data.task.metrics)
        results[data.task.name] = TaskResult(
            n=len(data.test),
            primary=data.task.metrics[0],
            test=scores["test"],
            dev=scores["dev"],
            constant=constant(data),
            bag_of_words=bag_of_words(data),
        )
    return results


def scores_of(
    outcomes: pd.DataFrame, task: str, metrics: tuple[str, ...]
) -> dict[str, dict[str, float]]:
    """Every metric of one task on dev and test."""
    own = outcomes[outcomes["task"] == task]
    return {
        split: score(
            metrics,
            own.loc[own["split"] == split, "prediction"].to_numpy(dtype=np.float64),
            own.loc[own["split"] == split, "target"].to_numpy(dtype=np.float64),
        )
        for split in ("dev", "test")
    }


def flops(
    model: MultiTaskEncoder, learner: SentenceLearner, accelerator: Accelerator
) -> dict[str, float]:
    """Operation counts of one training step's forward and backward, and of inference."""
    order = np.random.default_rng(0)
    batch = next(learner.train_batches(order, 1, 32, 1))[0].to(accelerator.device)

    def forward() -> torch.Tensor:
        with routing(model, batch.task_ids, batch.mask):
            outputs = model(batch)
            return learner.losses(outputs, batch, model.columns).mean()

    with torch.inference_mode():
        infer = count_flops(forward)
    trained = count_flops(lambda: forward().backward())
    return {"flops_train": trained / len(batch), "flops_infer": infer / len(batch)}
