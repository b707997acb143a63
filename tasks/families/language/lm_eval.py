"""lm-eval as the evaluator: its model with the routing state in it, asked our tasks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from tqdm import tqdm

from seesaw.tasks.families.language.instruction import Data
from seesaw.tasks.families.language.lm_eval_tasks import harness_tasks
from seesaw.tasks.families.language.models import LanguageModel
from seesaw.tasks.families.language.tokens import Encoder
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.families.scoring import EVAL_BATCH


@dataclass
class Evaluated:
    """Log-likelihoods of choices and generated texts, by row of the test split."""

    ranked: dict[int, list[float]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """lm-eval's own numbers, by its name of the task."""


def harness_model(
    model: nn.Module, encoder: Encoder, task: int | None, batch_size: int = EVAL_BATCH
) -> Any:
    """lm-eval's model around a transformers or PEFT model.

    Args:
        model: to be asked.
        encoder: the model's tokens.
        task: id that all examples have; None for methods that are not told the task.
        batch_size: examples that are asked at once.
    """
    from seesaw.tasks.families.language.lm_eval_model import RoutedLM

    half = next(model.parameters()).dtype == torch.bfloat16
    return RoutedLM(
        model,
        task,
        backend="seq2seq" if encoder.encoder_decoder else "causal",
        tokenizer=encoder.tokenizer,
        max_length=encoder.max_length,
        batch_size=batch_size,
        mixed_precision_dtype=torch.bfloat16 if half else None,
    )


def evaluate(
    model: LanguageModel,
    encoder: Encoder,
    data: Sequence[Data],
    track: InstructionTrack,
    batch_size: int = EVAL_BATCH,
) -> Iterator[Evaluated]:
    """Every task's test split through lm-eval; one call per task, which has its own id."""
    from lm_eval import evaluator
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_defaults=False)
    for index, own in enumerate(data):
        wanted = harness_tasks(track, own.task, own.test)
        told = index if model.told_task else None
        with quiet():
            # not `simple_evaluate`, which takes seconds each time to look this machine over
            loaded = manager.load(list(wanted.values()))
            for task in loaded["tasks"].values():
                task.set_config(key="num_fewshot", value=0)
            lm = harness_model(model.backbone, encoder, told, batch_size)
            output = evaluator.evaluate(
                lm=lm, task_dict=loaded, bootstrap_iters=0, log_samples=True
            )
        assert output is not None
        found = Evaluated(results=dict(output["results"]))
        for name, samples in output["samples"].items():
            for sample in samples:
                if wanted[name]["output_type"] == "multiple_choice":
                    values = [float(answer[0][0]) for answer in sample["resps"]]
                    found.ranked[sample["doc_id"]] = values
                else:
                    found.texts[sample["doc_id"]] = sample["resps"][0][0]
        yield found


@contextmanager
def quiet() -> Iterator[None]:
    """Keep lm-eval from showing progress bars, and from warning of what is meant."""
    loggers = [logging.getLogger(name) for name in ("lm_eval", "lm-eval", "lm_eval.evaluator")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    make: Any = tqdm.__init__
    tqdm.__init__ = lambda self, *a, **options: make(self, *a, **{**options, "disable": True})
    try:
        yield
    finally:
        tqdm.__init__ = make
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
