"""Trainable parameters of a model, counted."""

from __future__ import annotations

from torch import nn


def count_trainable(model: nn.Module) -> dict[str, int]:
    """Trainable parameters by what they are: experts, router, task_embedding, head.

    Told by name: a method calls its router's parameters `router...` and its task embedding
    `task_embedding...`; everything else inside the backbone counts as experts.
    """
    counts = {"experts": 0, "router": 0, "task_embedding": 0, "head": 0}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        if parts[0] == "heads":
            kind = "head"
        elif "task_embedding" in parts:
            kind = "task_embedding"
        elif any(part.startswith("router") for part in parts):
            kind = "router"
        else:
            kind = "experts"
        counts[kind] += parameter.numel()
    return counts
