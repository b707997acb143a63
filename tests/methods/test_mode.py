"""MoDE: what m x r x p is in its corners."""

from __future__ import annotations

import pytest
import torch
from places import lora, place, tokens, update

from seesaw.methods import get_method
from seesaw.methods.core.state import RoutingState


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


def test_equal_routers_of_all_slots_are_one_router() -> None:
    own = place("mode", r=3, candidates=4, part=1)
    one = place("mode", r=3, candidates=4, part=3)
    with torch.no_grad():
        one.down.copy_(own.down)
        one.up.copy_(own.up)
        own.router.copy_(one.router.repeat_interleave(3, dim=0))
    torch.testing.assert_close(update(own, tokens(5)), update(one, tokens(5)))


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
