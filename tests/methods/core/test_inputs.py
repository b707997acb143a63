"""Where adapters act in a model, and batches repeated for several tasks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from seesaw.methods import get_method
from seesaw.methods.core.inputs import acts_in, repeated


def network() -> nn.Sequential:
    return nn.Sequential(nn.Sequential(nn.Linear(4, 4)), nn.Linear(4, 4)).requires_grad_(False)


@pytest.mark.parametrize("name", ["lora", "smora"])
def test_an_adapter_acts_where_it_is_until_it_is_off_or_gone(name: str) -> None:
    base = network()
    model: Any = get_method(name)(r=8, target_modules=["0.0"]).adapt(base)
    model.requires_grad_(False)
    assert acts_in(base[0])
    assert not acts_in(base[1])
    with model.disable_adapter():
        model.requires_grad_(False)
        assert not acts_in(base[0])
    assert acts_in(base[0])
    model.delete_adapter("default")
    assert not acts_in(base[0])


def test_a_trained_weight_acts() -> None:
    base = network()
    base[0].requires_grad_(True)
    assert acts_in(base[0])
    assert not acts_in(base[1])


def test_a_batch_is_repeated_copy_after_copy() -> None:
    x = torch.tensor([[1.0], [2.0]])
    assert repeated(x, 6).flatten().tolist() == [1, 2, 1, 2, 1, 2]
    assert repeated(x, 2) is x
    with pytest.raises(ValueError, match="a batch of 2 cannot be repeated to 5 rows"):
        repeated(x, 5)
