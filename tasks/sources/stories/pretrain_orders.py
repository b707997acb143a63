"""The second LM of `stories`: the first, which also learns to say which of some words comes first.

Its text is that of the world, mixed with questions about orders that no task has. An adapter then
has to learn new orders only, and not what an order is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from seesaw.tasks.backbones import pretraining
from seesaw.tasks.sources.stories import pretrain as first_lm
from seesaw.tasks.sources.stories.meanings import ranking
from seesaw.tasks.sources.stories.questions import ends, first
from seesaw.tasks.sources.stories.text import documents, pick, some
from seesaw.tasks.sources.stories.world import NAMES, VERBS

WEIGHTS = first_lm.WEIGHTS.parents[1] / "stories-orders-lm" / "model.safetensors"
OTHERS = ("anna", "ben", "carl", "dora", "paul")
"""Whose orders the tasks are about."""


@dataclass(frozen=True)
class Recipe(first_lm.Recipe):
    """A shorter and slower training, with so many orders, and so many of the texts about them."""

    learning_rate: float = 1.5e-3
    warmup: float = 0.05
    rows: int = 24000
    orders: int = 16
    share: float = 0.6


def pretrain(recipe: Recipe, to: Path, report: pretraining.Report) -> Path:
    """Train the first LM on; write a folder that transformers loads, and how it came about.

    The same recipe gives the same bytes on one CPU model with one thread count.

    Args:
        recipe: what is trained.
        to: the safetensors file; configuration, tokenizer and held-out text go beside it.
        report: told how far it is.

    Returns:
        `to`.
    """
    torch.use_deterministic_algorithms(True)
    folder = first_lm.WEIGHTS.parent
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return first_lm.train(model, tokenizer, mixed(recipe), recipe, to, report)


def mixed(recipe: Recipe) -> Iterator[str]:
    """Endless texts of the world and answered questions about orders, which never change."""
    fixed = np.random.default_rng((recipe.seed, 1))
    people = tuple(name for name in NAMES if name not in OTHERS)
    sayings = tuple(f"{who} {does}" for who in people for does in VERBS)
    orders = {told: ranking(fixed) for told in some(fixed, sayings, recipe.orders)}
    rng = np.random.default_rng(recipe.seed)
    world = documents(rng)
    while True:
        if rng.random() < recipe.share:
            told = pick(rng, tuple(orders))
            ask = ends if rng.random() < 0.5 else first
            question = ask(rng, told, orders[told])
            yield question.prompt + question.answer
        else:
            yield next(world)
