"""MoDE: what m x r x p is in its corners, and the sizes the paper reports."""

from __future__ import annotations

import pytest
import torch
from places import lora, place, tokens, update

from methods import get_method
from methods.state import RoutingState

REPORTED = {
    (16, 4, 1): 6.64, (8, 4, 1): 3.48, (6, 4, 1): 2.69, (4, 4, 1): 1.90,
    (4, 6, 1): 2.86, (4, 8, 1): 3.81, (4, 16, 1): 7.62, (16, 4, 4): 2.71,
}  # fmt: skip
"""(m, r, p) to added parameters in percent (Table 2; 16 x 4 x 4 is its MoLORA-SD)."""


@pytest.mark.parametrize("size", REPORTED)
def test_reported_sizes_follow_from_the_formula(size: tuple[int, int, int]) -> None:
    """Gemma-2B's q, k, v, o, one A and router per query head: 22,528 inputs, 4,608 outputs."""
    candidates, rank, part = size
    config = get_method("mode")(candidates=candidates, r=rank, part=part)
    total = config.place_parameters("x", (22_528, 4_608), 1).total
    base = get_method("mode")(candidates=16, r=4, part=1).place_parameters("x", (22_528, 4_608), 1)
    assert REPORTED[size] == pytest.approx(6.64 * total / base.total, abs=0.015)


def test_one_candidate_is_lora_whatever_the_router() -> None:
    built = place("mode", r=6, candidates=1, alpha=3.0)
    torch.testing.assert_close(update(built, tokens(5)), lora(built, tokens(5), 0.5))


def test_one_router_for_all_slots_is_molora_with_tied_a() -> None:
    built = place("mode", r=3, candidates=4, part=3, alpha=3.0)
    molora = place("molora", r=12, experts=4, top_k=0, alpha=3.0)
    with torch.no_grad():
        molora.down.copy_(built.down.repeat(4, 1))
        molora.up.copy_(built.up)
        molora.router.copy_(built.router)
    torch.testing.assert_close(update(built, tokens(5)), update(molora, tokens(5)))


def test_weights_of_every_slot_add_up_to_one() -> None:
    built = place("mode", r=6, candidates=4, part=2)
    gate = built.gate(tokens(5), torch.randn(5, 12), RoutingState())
    assert gate.shape == (5, 12)
    torch.testing.assert_close(gate.view(5, 4, 3).sum(1), torch.ones(5, 3))


def test_equal_candidates_make_routing_irrelevant() -> None:
    built = place("mode", r=3, candidates=4)
    with torch.no_grad():
        built.up.copy_(built.up[:, :3].repeat(1, 4))
    one = update(built, tokens(5))
    with torch.no_grad():
        built.router.normal_()
    torch.testing.assert_close(update(built, tokens(5)), one)


def test_permuting_candidates_or_slots_changes_nothing() -> None:
    built = place("mode", r=3, candidates=4)
    before = update(built, tokens(5))
    grid = torch.arange(12).view(4, 3)
    for order in (grid[[2, 0, 3, 1]], grid[:, [2, 0, 1]]):
        twin = place("mode", r=3, candidates=4)
        with torch.no_grad():
            twin.up.copy_(built.up[:, order.flatten()])
            twin.router.copy_(built.router[order.flatten()])
            twin.down.copy_(built.down[order[0] % 3])
        torch.testing.assert_close(update(twin, tokens(5)), before)


def test_bad_fields_are_named() -> None:
    with pytest.raises(ValueError, match="part is 3; it must divide the rank 16"):
        get_method("mode")(part=3)
    with pytest.raises(ValueError, match="candidates is 0"):
        get_method("mode")(candidates=0)
