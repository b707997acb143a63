"""MALoRA: equal to MoLoRA and LoRA where the shared subspace does not bind."""

from __future__ import annotations

import pytest
import torch
from places import AT, copy_into, lora, place, tokens, update

from seesaw.methods import get_method


def test_with_selector_blocks_it_is_molora() -> None:
    built = place("malora", r=8, experts=4, top_k=2, subspace=8)
    molora = place("molora", r=8, experts=4, top_k=2)
    copy_into(molora, built)
    with torch.no_grad():
        built.inner.copy_(torch.eye(8))
    torch.testing.assert_close(update(built, tokens(5)), update(molora, tokens(5)))


def test_keeping_all_of_them_is_the_dense_mixture() -> None:
    dense, kept = (place("malora", r=8, experts=4, top_k=k, subspace=3) for k in (0, 4))
    torch.testing.assert_close(update(kept, tokens(5)), update(dense, tokens(5)))


def test_one_expert_with_the_identity_is_lora() -> None:
    built = place("malora", r=4, experts=1, top_k=1, subspace=4, alpha=6.0)
    with torch.no_grad():
        built.inner.copy_(torch.eye(4))
    torch.testing.assert_close(update(built, tokens(5)), lora(built, tokens(5), 1.5))


def test_all_updates_lie_in_the_shared_subspace() -> None:
    built = place("malora", r=8, experts=4, top_k=2, subspace=3)
    assert torch.linalg.matrix_rank(built.inner @ built.down) == 3
    assert [name for name, _ in built.named_parameters()].count("down") == 1


def test_p_s_starts_with_the_variance_of_loras_a() -> None:
    torch.manual_seed(0)
    config = get_method("malora")(r=512, experts=8, subspace=64, target_modules=["x"])
    built = config.build(AT, 300, 8)
    variance = float((built.inner @ built.down).detach().var())
    assert variance == pytest.approx(1 / (3 * 300), rel=0.05)
    torch.testing.assert_close(built.down @ built.down.T, torch.eye(64), rtol=0, atol=1e-5)


def test_equal_experts_are_interchangeable() -> None:
    built = place("malora", r=4, experts=2, top_k=1, subspace=3)
    with torch.no_grad():
        built.inner[2:] = built.inner[:2]
        built.up[:, 2:] = built.up[:, :2]
    one = update(built, tokens(5))
    with torch.no_grad():
        built.router.copy_(built.router.flip(0))
    torch.testing.assert_close(update(built, tokens(5)), one)


def test_noise_acts_in_training_only() -> None:
    built = place("malora", r=8, experts=4, top_k=0, noise=1.0, balance=0.0).eval()
    torch.testing.assert_close(update(built, tokens(5)), update(built, tokens(5)))
    built.train()
    assert not torch.allclose(update(built, tokens(5)), update(built, tokens(5)))


def test_a_subspace_wider_than_the_input_is_an_error() -> None:
    with pytest.raises(ValueError, match="subspace is 13; x has only 12 inputs"):
        place("malora", r=16, subspace=13)


@pytest.mark.parametrize(("subspace", "rank", "saved"), [(8, 8, 0.43), (4, 8, 0.47), (8, 10, 0.31)])
def test_saving_over_molora_on_a_square_layer(subspace: int, rank: int, saved: float) -> None:
    """Eight experts of rank 8 in MoLoRA; 30 to 48 % saved is what the abstract says."""
    square = (4096, 4096)
    malora = get_method("malora")(r=8 * rank, subspace=subspace).place_parameters(AT, square, 1)
    molora = get_method("molora")(r=64).place_parameters(AT, square, 1)
    assert 1 - malora.experts / molora.experts == pytest.approx(saved, abs=0.01)
