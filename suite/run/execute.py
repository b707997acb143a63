"""One run in four stages: prepare, train, evaluate, describe. Failures become records too."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pandas as pd
import torch
from accelerate.utils.memory import should_reduce_batch_size
from safetensors.torch import save
from torch import Tensor

from seesaw.methods.core.placement import Place
from seesaw.methods.core.statistics import routing_statistics
from seesaw.suite.costs.peak_memory import PeakMemory
from seesaw.suite.plan.job import Job
from seesaw.suite.records.provenance import method_source, provenance
from seesaw.suite.records.record import Cost, Forgetting, Provenance, Record, RoutingStatistics
from seesaw.suite.run.describe import flops, sha256, task_results, to_parquet
from seesaw.suite.run.determinism import derive, seeded
from seesaw.suite.run.evaluate import answer, general_loss, predict, scoring
from seesaw.suite.run.honesty import Dishonest, audit
from seesaw.suite.run.model import trained
from seesaw.suite.run.prepare import Prepared, prepare
from seesaw.suite.run.state import Progress
from seesaw.suite.run.train import Diverged, train
from seesaw.tasks.task import SCORED

Report = Callable[[Progress], None]
Failure = Literal["diverged", "oom", "failed"]


@dataclass(frozen=True)
class Result:
    """A record and, of a run that ended `ok`, the files beside it by suffix.

    They are its outcomes (Parquet), its weights (safetensors), and a picture where there is one.
    """

    record: Record
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluated:
    """What the trained model answered, and in how many seconds."""

    outcomes: pd.DataFrame
    usage: Mapping[Place, Tensor]
    forgetting: Forgetting | None
    picture: bytes | None
    seconds: float


def execute(job: Job, attempt: int, report: Report) -> Result:
    """Do a run to its end; there is a record whatever the end."""
    source = provenance(method_source(job.method))
    try:
        return _done(job, attempt, source, report)
    except Diverged as error:
        return _failed(job, attempt, source, "diverged", str(error))
    except Dishonest as error:
        return _failed(job, attempt, source, "failed", f"Dishonest: {error}")
    except (MemoryError, torch.OutOfMemoryError) as error:
        return _failed(job, attempt, source, "oom", str(error) or type(error).__name__)
    except SystemExit as error:  # a method that leaves must not take the sweep with it
        return _failed(job, attempt, source, "failed", f"SystemExit: {error}")
    except Exception as error:
        status: Failure = "oom" if should_reduce_batch_size(error) else "failed"
        return _failed(job, attempt, source, status, traceback.format_exc())


def failed(job: Job, attempt: int, error: str) -> Result:
    """The record of a run whose process is gone, and `error` is all that is known of why."""
    return _failed(job, attempt, provenance(method_source(job.method)), "failed", error)


def _failed(job: Job, attempt: int, source: Provenance, status: Failure, error: str) -> Result:
    # a text with half a surrogate pair cannot be written
    text = error.encode("utf-8", "backslashreplace").decode()
    return Result(_record(job, attempt, source, status=status, error=text))


def _done(job: Job, attempt: int, source: Provenance, report: Report) -> Result:
    began = time.perf_counter()
    with PeakMemory() as memory:
        prepared = prepare(job)
        with seeded(derive(job.spec.seed, "dropout")):
            loss_of = prepared.family.scoring.loss
            train(prepared.state, prepared.batches, loss_of, report)
        evaluated = evaluate(prepared, report, job.spec.splits)
    seconds = time.perf_counter() - began
    return describe(job, attempt, source, prepared, evaluated, (seconds, memory.bytes))


def evaluate(prepared: Prepared, report: Report, splits: Sequence[str] = SCORED) -> Evaluated:
    """Ask the trained model about splits, what it has forgotten, and what became of it.

    Where test is none of them there is nothing but the answers.

    Raises:
        Diverged: an answer is not finite.
        Dishonest: the method trained, changed or used what it does not say.
    """
    model, accelerator = prepared.state.model, prepared.state.accelerator
    family, start = prepared.family, time.perf_counter()
    scored = scoring(family, prepared.state.progress, report, splits)
    outcomes, usage = predict(model, family, accelerator, scored, splits)
    seconds = time.perf_counter() - start
    audit(model, prepared.frozen, prepared.claimed)
    if "test" not in splits:
        return Evaluated(outcomes, {}, None, None, seconds)
    before, after = prepared.general_loss, general_loss(model, family, accelerator)
    forgetting = None
    if before is not None and after is not None:
        forgetting = Forgetting(before=before, after=after)
    picture = None
    if family.pictures is not None:
        picture = family.pictures.sheet(partial(answer, model, accelerator))
    return Evaluated(outcomes, usage, forgetting, picture, seconds)


def describe(
    job: Job,
    attempt: int,
    source: Provenance,
    prepared: Prepared,
    evaluated: Evaluated,
    took: tuple[float, int],
) -> Result:
    """The record of a run that ended `ok`, and its files.

    `took` are the seconds of all stages before this one and the bytes of memory at their peak.

    Raises:
        Diverged: a score is not finite.
    """
    progress, family = prepared.state.progress, prepared.family
    recipe = job.workload.track.recipe
    trial = job.spec.is_trial
    files = {".parquet": to_parquet(evaluated.outcomes)}
    if not trial:
        files[".safetensors"] = save(trained(prepared.state.model))
    usage = {str(place): routing_statistics(table) for place, table in evaluated.usage.items()}
    record = _record(
        job,
        attempt,
        source,
        status="ok",
        parameters=prepared.counts,
        examples=progress.examples,
        tokens=progress.tokens,
        steps=progress.steps,
        tasks=task_results(family, evaluated.outcomes, job.spec.splits),
        loss_curve=progress.curve,
        forgetting=evaluated.forgetting,
        cut_prompts=family.data.cut_prompts,
        routing={place: RoutingStatistics(**found) for place, found in usage.items()},
        cost=Cost(
            **flops(prepared.state.model, family, recipe, prepared.state.accelerator),
            passes=prepared.state.model.passes,
            train_s=round(progress.seconds, 3),
            eval_s=round(evaluated.seconds, 3),
            total_s=round(took[0], 3),
            step_s=round(progress.step_median, 5),
            examples_per_s=round(progress.per_second(progress.examples), 2),
            tokens_per_s=round(progress.per_second(progress.tokens), 1),
            peak_memory=took[1],
        ),
        outcomes_sha256=sha256(files[".parquet"]),
        trained_sha256=None if trial else sha256(files[".safetensors"]),
    )
    return Result(record, files | ({".webp": evaluated.picture} if evaluated.picture else {}))


def _record(job: Job, attempt: int, source: Provenance, **found: Any) -> Record:
    method = job.method
    return Record(
        id=job.spec.id,
        attempt=attempt,
        spec=job.spec,
        routes_on=method.routes_on,
        told_task=method.told_task,
        learning_rate_factor=method.learning_rate_factor,
        provenance=source,
        **found,
    )
