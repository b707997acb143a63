"""MoLoRA and its controls: equalities with sums over experts, and with each other."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from places import AT, D_IN, copy_into, lora, place, set_state, tokens, update
from torch import Tensor

from seesaw.methods import get_method
from seesaw.methods.core.losses import balance_loss
from seesaw.methods.core.state import RoutingState


def by_experts(built: Any, token: Tensor, gates: Tensor) -> Tensor:
    """s sum_e g_e B_e A_e x, one expert after the other."""
    size = built.rank // built.config.experts
    total = torch.zeros(built.up.shape[0])
    for expert, gate in enumerate(gates):
        rows = slice(size * expert, size * (expert + 1))
        total += gate * built.up[:, rows] @ (built.down[rows] @ token)
    return built.scale * total


@settings(max_examples=30)
@given(st.integers(0, 4), st.booleans(), st.integers(0, 99))
def test_it_is_the_gated_sum_over_experts(k: int, renormalise: bool, seed: int) -> None:
    built = place("molora", seed, r=12, experts=4, top_k=k, renormalise=renormalise)
    x = tokens(5)
    for found, token in zip(update(built, x), x, strict=True):
        chances = torch.softmax(built.router @ token, dim=-1)
        if k:
            kept = torch.zeros(4).scatter(0, chances.topk(k).indices, 1.0)
            chances = chances * kept
            if renormalise:
                chances = chances / chances.sum()
        torch.testing.assert_close(found, by_experts(built, token, chances), rtol=1e-4, atol=1e-5)


def test_keeping_all_of_them_is_the_dense_mixture() -> None:
    dense, kept = (place("molora", r=8, experts=4, top_k=k) for k in (0, 4))
    copy_into(kept, dense)
    torch.testing.assert_close(update(kept, tokens(5)), update(dense, tokens(5)))


def test_softmax_over_the_kept_logits_is_the_same_as_renormalising() -> None:
    built = place("molora", r=8, experts=4, top_k=2)
    logits = torch.randn(6, 4)
    gates = built.gate(tokens(6), logits, RoutingState())
    kept = logits.topk(2).indices
    closed = torch.full_like(logits, float("-inf")).scatter(1, kept, logits.gather(1, kept))
    torch.testing.assert_close(gates, torch.softmax(closed, dim=-1))


def test_blocks_of_smora_ranks_are_experts() -> None:
    """SMoRA with p ranks per score and k = p is top-1 MoLoRA."""
    smora = place("smora", r=12, part=3, active=3)
    molora = place("molora", r=12, experts=4, top_k=1)
    smora.bias.zero_()
    copy_into(molora, smora)
    found = update(molora, tokens(5)) / molora.scale
    torch.testing.assert_close(found, update(smora, tokens(5)) / smora.scale)


def test_a_balanced_router_has_a_balance_loss_of_one_and_padding_none() -> None:
    assert balance_loss(torch.zeros(6, 4), 4, RoutingState()) == pytest.approx(1.0)
    logits = torch.randn(2, 3, 4)
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    alone = torch.cat((logits[0, :2], logits[1, :1]))
    torch.testing.assert_close(
        balance_loss(logits, 2, set_state(mask=mask)), balance_loss(alone, 2, RoutingState())
    )
    collapsed = torch.tensor([[9.0, 0, 0, 0]]).repeat(5, 1)
    assert balance_loss(collapsed, 1, RoutingState()) > 3.9


def test_the_balance_loss_is_collected_in_training_only() -> None:
    built = place("molora", r=8, experts=4, balance=0.5)
    for training in (True, False):
        state = RoutingState()
        update(built.train(training), tokens(5), state)
        assert len(state.losses) == training


def test_uniform_weights_are_lora_over_the_number_of_experts() -> None:
    built = place("molora_uniform", r=8, experts=4, alpha=6.0)
    wanted = lora(built, tokens(5), 6.0 / 2 / 4)
    torch.testing.assert_close(update(built, tokens(5)), wanted)


def test_a_random_router_routes_but_is_not_trained() -> None:
    built = place("molora_random", r=8, experts=4)
    assert {name for name, _ in built.named_parameters()} == {"down", "up"}
    assert "router" in built.state_dict()
    twin = place("molora", r=8, experts=4)
    copy_into(twin, built)
    torch.testing.assert_close(update(built, tokens(5)), update(twin, tokens(5)))


def test_one_lora_per_task_keeps_tasks_apart() -> None:
    built = place("lora_per_task", r=6, n_tasks=3, alpha=4.0)
    x = tokens(3, 4)
    found = update(built, x, set_state([2, 0, 2]))
    for row, task in enumerate([2, 0, 2]):
        own = slice(2 * task, 2 * task + 2)
        wanted = 4.0 / 2 * (x[row] @ built.down[own].T) @ built.up[:, own].T
        torch.testing.assert_close(found[row], wanted, rtol=1e-4, atol=1e-5)
    found.sum().backward()
    assert (built.down.grad[2:4] == 0).all()
    assert (built.down.grad[4:] != 0).any()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"experts": 3, "r": 8}, "experts is 3; it must divide the rank 8"),
        ({"top_k": 9}, "top_k is 9; it must be between 1 and experts = 8"),
        ({"experts": 0}, "experts is 0"),
    ],
)
def test_bad_fields_are_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        get_method("molora")(**options)


@pytest.mark.parametrize("name", ["molora", "malora", "mode", "smora", "ase", "molora_uniform"])
def test_scaled_fixes_the_initial_multiplier_of_an_active_rank(name: str) -> None:
    config: Any = get_method(name)(target_modules=["x"], n_tasks=2).scaled(2.0)
    torch.manual_seed(0)
    built = config.build(AT, 64, 64)
    x = torch.randn(2, 40, 64)
    state = set_state([0, 1])
    gate = built.gate(x, built.project(x, state)[1], state)
    multiplier = built.scale * float(gate[gate > 0].detach().mean())
    # the up-vectors of one MoDE slot share its multiplier
    slots = config.candidates if name == "mode" else 1
    assert multiplier * slots == pytest.approx(2.0, rel=0.02)


def test_parameters_per_place() -> None:
    counts = get_method("molora")(r=16, experts=4).place_parameters(AT, (D_IN, 7), 1)
    assert (counts.experts, counts.router) == (16 * 19, 4 * 12)
    assert counts.active == 8 * 19 + 4 * 12
