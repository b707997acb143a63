"""One run: build, train, score, describe; failures become records too."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from accelerate import Accelerator
from safetensors.torch import save

from seesaw.methods import routing
from seesaw.methods.core.statistics import routing_statistics
from seesaw.suite.costs.peak_memory import PeakMemory
from seesaw.suite.costs.profile import count_flops
from seesaw.suite.plan.plan import Plan
from seesaw.suite.records.provenance import provenance
from seesaw.suite.records.record import Cost, Forgetting, Record, RoutingStatistics
from seesaw.suite.run.determinism import derive, seeded
from seesaw.suite.run.evaluate import (
    answer,
    general_loss,
    predict,
    scoring,
    task_results,
    to_parquet,
)
from seesaw.suite.run.model import build, counted, trained
from seesaw.suite.run.train import Diverged, Progress, train
from seesaw.tasks.families.learner import Learner, MultiTaskModel


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
        outcomes, usage = predict(model, learner, accelerator, scoring(learner, progress, report))
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
        "cut_prompts": learner.cut_prompts,
        "routing": {
            p: RoutingStatistics(**routing_statistics(table)) for p, table in usage.items()
        },
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
