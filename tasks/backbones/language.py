"""Loading frozen language models, causal and encoder-decoder, for training adapters in them."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    BitsAndBytesConfig,
)

from seesaw.tasks.backbones.quiet import quiet
from seesaw.tasks.task import WeightsError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "nf4": torch.bfloat16}


@cache
def _config(folder: Path) -> Any:
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    for field, value in config.to_dict().items():
        if "dropout" in field and isinstance(value, float):
            setattr(config, field, 0.0)
    return config


def is_encoder_decoder(folder: Path) -> bool:
    """Whether the model in `folder` has an encoder for its prompts."""
    return bool(_config(folder).is_encoder_decoder)


def load(
    folder: Path, base: str = "fp32", checkpointing: bool = False, meta: bool = False
) -> nn.Module:
    """The frozen model; on the meta device only its shapes.

    Its own dropout is off: what is frozen stays the same function in training.

    Args:
        folder: the model in the hub's layout.
        base: how the weights are held, one of `DTYPES`.
        checkpointing: whether layers run again in the backward pass instead of being kept.
        meta: whether only its shapes are wanted.

    Raises:
        WeightsError: base layers in four bits, where bitsandbytes or a GPU is missing.
    """
    config = _config(folder)
    kind: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    if meta:
        with torch.device("meta"):
            found: nn.Module = kind.from_config(config)
        return found.requires_grad_(False)
    options: dict[str, Any] = {"dtype": DTYPES[base]}
    if base == "nf4":
        if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
            raise WeightsError("base nf4 needs a GPU and bitsandbytes; use fp32 or bf16 without")
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
    with quiet():  # a T5 whose head is its own is said to be one that should be tied
        model = kind.from_pretrained(folder, config=config, local_files_only=True, **options)
    head = model.get_output_embeddings()
    if head is not None and head.weight is not model.get_input_embeddings().weight:
        model.config.tie_word_embeddings = False  # or who ties weights later takes it away
    model.requires_grad_(False)
    if checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    frozen: nn.Module = model.eval()
    return frozen


def tokenizer(folder: Path) -> Any:
    """The backbone's own tokenizer."""
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
