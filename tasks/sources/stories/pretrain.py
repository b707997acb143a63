"""Pre-training of the causal LM of `stories`: a small Llama on running text of its world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from seesaw.tasks.backbones import pretraining
from seesaw.tasks.sources.stories.text import documents

WEIGHTS = Path(__file__).parents[2] / "weights" / "stories-lm" / "model.safetensors"
PAD, END = "<pad>", "<end>"
VOCABULARY = 1024
SHAPE = {
    "hidden_size": 192,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 6,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
HELD_OUT = "held-out.txt"
HELD_OUT_SEED = 2**31
"""Seed of the text that is never trained on; forgetting is measured on it."""


@dataclass(frozen=True)
class Recipe(pretraining.Recipe):
    """A recipe with its text: rows of `length` tokens, of documents that do not see each other."""

    batch_size: int = 16
    learning_rate: float = 3e-3
    warmup: float = 0.04
    length: int = 128
    rows: int = 76800
    held_out: int = 200
    tokenizer_documents: int = 20000

    @property
    def steps(self) -> int:
        """Optimiser steps in all; no row is seen twice."""
        return self.rows // self.batch_size

    def optimizers(self, model: nn.Module) -> list[Optimizer]:
        """Muon for the matrices inside, which halves the steps; AdamW for what is left."""
        inside = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
        chosen = set(map(id, inside))
        muon = torch.optim.Muon(
            inside,
            self.learning_rate,
            self.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        return [self.adamw(p for p in model.parameters() if id(p) not in chosen), muon]


def pretrain(recipe: Recipe, to: Path, report: pretraining.Report) -> Path:
    """Train tokenizer and LM; write a folder that transformers loads, and how it came about.

    The same recipe gives the same bytes on one CPU model with one thread count.

    Args:
        recipe: what is trained.
        to: the safetensors file; configuration and tokenizer go beside it.
        report: told how far it is.

    Returns:
        `to`.
    """
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    tokenizer = train_tokenizer(recipe)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        **SHAPE,
    )
    model = LlamaForCausalLM(config)
    text = documents(np.random.default_rng(recipe.seed))
    return train(model, tokenizer, text, recipe, to, report)


def train(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    text: Iterator[str],
    recipe: Recipe,
    to: Path,
    report: pretraining.Report,
) -> Path:
    """Train `model` on a text; write a folder that transformers loads, and how it came about.

    Args:
        model: trained in place.
        tokenizer: goes beside it.
        text: endless documents.
        recipe: how long, and how fast.
        to: the safetensors file; configuration, tokenizer and held-out text go beside it.
        report: told how far it is.

    Returns:
        `to`.
    """
    curve = pretraining.fit(model, _losses(model, tokenizer, text, recipe), recipe, report)
    held = list(islice(documents(np.random.default_rng(HELD_OUT_SEED)), recipe.held_out))
    to.parent.mkdir(parents=True, exist_ok=True)
    (to.parent / HELD_OUT).write_text("\n".join(held) + "\n")
    model.config.save_pretrained(to.parent)
    tokenizer.save_pretrained(to.parent)
    loss = round(held_out_loss(model.eval(), tokenizer, held), 3)
    about = {"held_out": {"loss": loss}, "parameters": model.num_parameters()}
    pretraining.write(model, to, recipe, about, curve)
    return to


@torch.inference_mode()
def held_out_loss(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, held: Sequence[str]
) -> float:
    """Nats per token of texts, each by itself."""
    total, count = 0.0, 0
    for text in held:
        ids = torch.tensor([tokenizer.encode(text)])
        total += float(model(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    return total / count


def train_tokenizer(recipe: Recipe) -> PreTrainedTokenizerFast:
    """Byte-level BPE of the text; every digit is a token."""
    own = Tokenizer(models.BPE())
    own.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    own.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    text = documents(np.random.default_rng((recipe.seed, 1)))
    own.train_from_iterator(islice(text, recipe.tokenizer_documents), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=own, pad_token=PAD, eos_token=END, padding_side="left"
    )


def rows(
    tokenizer: PreTrainedTokenizerFast, text: Iterator[str], length: int
) -> Iterator[tuple[list[int], list[int]]]:
    """Endless rows of tokens and of their positions in the documents, of which the last is cut."""
    while True:
        tokens: list[int] = []
        places: list[int] = []
        while len(tokens) < length:
            document = [*tokenizer.encode(next(text)), tokenizer.eos_token_id]
            tokens += document
            places += range(len(document))
        yield tokens[:length], places[:length]


def _losses(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    text: Iterator[str],
    recipe: Recipe,
) -> Iterator[Tensor]:
    """The loss of every batch."""
    data = rows(tokenizer, text, recipe.length)
    for _ in range(recipe.steps):
        batch, places = (
            torch.tensor(part) for part in zip(*islice(data, recipe.batch_size), strict=True)
        )
        # positions that start again keep a document from attending to the one before it
        yield model(input_ids=batch, position_ids=places, labels=batch, use_cache=False).loss
