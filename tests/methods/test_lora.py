"""LoRA is PEFT's own; what the suite relies on."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from seesaw.methods import get_method


def adapted(alpha: float = 6.0) -> Any:
    """A linear (12 -> 7) with LoRA of rank 3, its B random."""
    torch.manual_seed(0)
    config = get_method("lora")(r=3, lora_alpha=alpha, target_modules=["0"])
    model: Any = config.adapt(nn.Sequential(nn.Linear(12, 7)))
    nn.init.normal_(model.base_model.model[0].lora_B["default"].weight)
    return model


def test_merged_is_unmerged_and_unmerging_restores_the_weight() -> None:
    model, x = adapted(), torch.randn(5, 12)
    layer = model.base_model.model[0]
    frozen, before = layer.base_layer.weight.detach().clone(), model(x)
    model.merge_adapter()
    torch.testing.assert_close(model(x), before, rtol=1e-6, atol=1e-6)
    change = layer.base_layer.weight - frozen
    assert torch.linalg.matrix_rank(change, rtol=1e-5) == 3
    model.unmerge_adapter()
    torch.testing.assert_close(layer.base_layer.weight, frozen, rtol=1e-6, atol=1e-6)


def test_doubling_alpha_doubles_the_update() -> None:
    once, twice = (adapted(alpha) for alpha in (6.0, 12.0))
    updates = [m.base_model.model[0].get_delta_weight("default") for m in (once, twice)]
    torch.testing.assert_close(2 * updates[0], updates[1])
