"""Shapes of well-known backbones, on the meta device: no weights and no download."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    LlamaConfig,
    PretrainedConfig,
    RobertaConfig,
    T5Config,
)

from methods.method import Shapes
from suite.plan import RequestError, adapted_shapes

LLAMA_3 = {"intermediate_size": 14336, "num_key_value_heads": 8, "vocab_size": 128256}
T5_BASE = {"d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
CONFIGS: Mapping[str, Callable[[], PretrainedConfig]] = {
    "roberta-base": RobertaConfig,
    "t5-base": lambda: T5Config(**T5_BASE),
    "llama-2-7b": LlamaConfig,
    "llama-3.1-8b": lambda: LlamaConfig(**LLAMA_3),
}
POOLERS = r"(?!.*pooler)"
"""A pooler gets no gradient from the hidden states, so nothing adapts it."""


def backbone_shapes(name: str) -> Shapes:
    """(d_in, d_out) of every linear layer of a backbone's blocks, by module name.

    Args:
        name: one of ours (`llama-2-7b`, ...), a timm model, or a folder with a `config.json`.

    Raises:
        RequestError: it is none of these.
    """
    with torch.device("meta"):
        model = _build(name)
    return adapted_shapes(model, POOLERS + r".*\b(layers?|blocks?|encoder|decoder)\b.*")


def _build(name: str) -> nn.Module:
    if name in CONFIGS:
        return _from_config(CONFIGS[name]())
    if (Path(name) / "config.json").is_file():
        return _from_config(AutoConfig.from_pretrained(name, local_files_only=True))
    if name in timm.list_models():
        return timm.create_model(name, pretrained=False)
    close = difflib.get_close_matches(name, [*CONFIGS, *timm.list_models()], n=3)
    known = ", ".join(close or [*CONFIGS, "vit_base_patch16_224"])
    raise RequestError(f"unknown backbone {name!r}; did you mean: {known}?")


def _from_config(config: PretrainedConfig) -> nn.Module:
    model: Any = AutoModel.from_config(config)
    return model
