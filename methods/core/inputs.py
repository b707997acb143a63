"""Where the tokens of a backbone come from: transformers' embeddings or timm's patches."""

from __future__ import annotations

from typing import Any

from torch import nn


def input_embedding(model: nn.Module) -> nn.Module:
    """The module whose output is the first (batch, ..., width) of `model`, or of its encoder.

    Raises:
        ValueError: `model` has neither input nor patch embeddings.
    """
    reader: Any = model
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        reader = reader.get_encoder()
    if hasattr(reader, "get_input_embeddings"):
        embedding: Any = reader.get_input_embeddings()
    else:
        embedding = getattr(model, "patch_embed", None)
    if not isinstance(embedding, nn.Module):
        raise ValueError(f"{type(model).__name__} has neither input embeddings nor patch_embed")
    return embedding


def input_width(model: nn.Module) -> int:
    """Width of the tokens that come out of `input_embedding`."""
    model_any: Any = model
    if hasattr(model_any, "embed_dim"):
        return int(model_any.embed_dim)
    return int(model_any.config.hidden_size)
