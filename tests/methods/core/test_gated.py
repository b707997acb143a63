"""The primitive: its gradient, what it keeps for backward, and LoRA as its simplest case."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from torch import nn

from seesaw.methods import get_method, method_names, routing
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.expand import expand
from seesaw.methods.core.plain import PlainConfig
from seesaw.suite.costs.profile import saved_elements, saved_for_backward

RANK, SHAPE = 64, (96, 160)
GATED = [
    name
    for name in method_names()
    if get_method(name).has_adapter and name not in ("lora", "lora_rank")
]


@settings(max_examples=20)
@given(
    tokens=st.integers(1, 4),
    experts=st.integers(1, 3),
    rank=st.integers(1, 3),
    shared=st.booleans(),
    per_example=st.booleans(),
    seed=st.integers(0, 99),
)
def test_gradients_of_the_gated_product(
    tokens: int, experts: int, rank: int, shared: bool, per_example: bool, seed: int
) -> None:
    """Gates per expert, per token or per example, on an own or a shared D x."""
    torch.manual_seed(seed)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    y, up = drawn(2, tokens, 5), drawn(5, experts * rank)
    h = drawn(2, tokens, 1 if shared else experts, rank)
    gate = drawn(2, 1 if per_example else tokens, experts, 1)
    plain = y + 0.7 * (h * gate).flatten(-2) @ up.T
    torch.testing.assert_close(expand(y, h, gate, up, 0.7), plain)
    assert torch.autograd.gradcheck(lambda *x: expand(*x, 0.7), (y, h, gate, up))


@pytest.mark.parametrize("name", GATED)
def test_what_is_kept_for_backward(name: str) -> None:
    """At most 2 R + 2 E numbers per token and place beyond input and output, dropout 0."""
    config: Any = get_method(name)()
    config = config.replaced(n_tasks=8) if name.startswith("lora_per_task") else config
    config = config.at_total_rank(RANK)
    experts = max(config.router_rows(config.r), getattr(config, "experts", 1))
    assert 0 < saved_elements(config, SHAPE) <= 2 * RANK + 2 * experts


def test_lora_keeps_its_rank_and_the_plain_form_no_more() -> None:
    assert saved_elements(get_method("lora")(r=RANK), SHAPE) == RANK
    assert saved_elements(PlainConfig(r=RANK), SHAPE) == RANK


def test_saved_elements_are_those_of_a_real_step() -> None:
    config: GatedConfig = get_method("molora")(target_modules=["0"], r=16, experts=4)
    model = config.adapt(nn.Sequential(nn.Linear(12, 20)))
    x = torch.randn(3, 7, 12, requires_grad=True)
    with routing(model), saved_for_backward(x, *model.parameters()) as kept:
        model(x)
    weights = 12 * (16 + 4)  # D and the router side by side, once
    found = sum(t.untyped_storage().nbytes() // t.element_size() for t in kept.values())
    assert found - weights == 21 * saved_elements(config, (12, 20))


def test_with_gate_1_it_is_peft_lora() -> None:
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(12, 7))
    wanted: Any = get_peft_model(base, LoraConfig(r=4, lora_alpha=6, target_modules=["0"]))
    twin: Any = PlainConfig(r=4, alpha=6, target_modules=["0"]).adapt(
        nn.Sequential(nn.Linear(12, 7))
    )
    source = wanted.base_model.model[0]
    target = twin.base_model.model[0]
    with torch.no_grad():
        nn.init.normal_(source.lora_B["default"].weight)
        target.base_layer.weight.copy_(source.base_layer.weight)
        target.base_layer.bias.copy_(source.base_layer.bias)
        target.seesaw_adapter["default"].down.copy_(source.lora_A["default"].weight)
        target.seesaw_adapter["default"].up.copy_(source.lora_B["default"].weight)
    x = torch.randn(5, 12)
    torch.testing.assert_close(twin(x), wanted(x))


def test_a_total_rank_that_experts_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="experts is 8; it must divide the rank 12"):
        get_method("molora")().at_total_rank(12)
    with pytest.raises(ValueError, match="mode has no size of total rank 10"):
        get_method("mode")().at_total_rank(10)
