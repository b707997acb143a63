"""MoRE: nested ranks, a straight-through choice, and the sizes the paper reports."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as functional
from places import AT, lora, place, set_state, tokens, update

from seesaw.methods import get_method


def choose(built: object, ranks: list[int]) -> None:
    """Make task t use `ranks[t]` of the ranks."""
    with torch.no_grad():
        built.task_embedding.zero_()
        built.task_embedding[:, : len(ranks)] = torch.eye(len(ranks))
        built.router_weight.zero_()
        built.router_bias.zero_()
        for task, rank in enumerate(ranks):
            built.router_weight[rank - 1, task] = 5.0


def test_all_ranks_without_scaling_are_lora() -> None:
    built = place("more", r=4, n_tasks=2, scaling="off", alpha=6.0)
    choose(built, [4, 4])
    x = tokens(2, 5)
    torch.testing.assert_close(update(built, x, set_state([0, 1])), lora(built, x, 1.5))


def test_a_smaller_expert_is_the_first_ranks_of_a_larger_one() -> None:
    built = place("more", r=4, n_tasks=2, scaling="off", alpha=4.0)
    choose(built, [2, 3])
    assert built.choices().argmax(-1).tolist() == [1, 2]
    x = tokens(2, 5)
    found = update(built, x, set_state([0, 1]))
    for row, rank in ((0, 2), (1, 3)):
        wanted = (x[row] @ built.down[:rank].T) @ built.up[:, :rank].T
        torch.testing.assert_close(found[row], wanted, rtol=1e-4, atol=1e-5)


def test_scaling_is_that_of_the_code_or_of_the_paper() -> None:
    x = tokens(1, 5)
    for scaling, weights in (("both", [1 / 16, 4 / 16, 9 / 16]), ("task", [3 / 2] * 3)):
        built = place("more", r=4, n_tasks=2, scaling=scaling, alpha=4.0)
        choose(built, [3, 1])
        h = (x @ built.down[:3].T) * torch.tensor(weights)
        torch.testing.assert_close(
            update(built, x, set_state([0])), h @ built.up[:, :3].T, rtol=1e-4, atol=1e-5
        )


def test_the_straight_through_estimate_changes_no_value() -> None:
    built = place("more", r=4, n_tasks=2, scaling="off")
    choose(built, [2, 3])
    gate = built.gate(tokens(2, 5), None, set_state([0, 1]))
    assert gate.tolist() == [[1, 1, 0, 0], [1, 1, 1, 0]]


def test_ranks_above_the_chosen_get_no_gradient_but_the_choice_does() -> None:
    built = place("more", r=4, n_tasks=2)
    choose(built, [2, 2])
    update(built, tokens(2, 5), set_state([0, 0])).square().sum().backward()
    assert (built.down.grad[2:] == 0).all()
    assert (built.down.grad[:2] != 0).any()
    assert (built.router_weight.grad != 0).any()
    assert (built.task_embedding.grad[1] == 0).all()


def test_equal_embeddings_make_the_contrastive_loss_log_t() -> None:
    built = place("more", r=4, n_tasks=3, contrastive=1.0).train()
    with torch.no_grad():
        built.task_embedding.copy_(built.task_embedding[:1].expand(3, -1))
    loss = built.auxiliary(tokens(2, 5), None, set_state([0, 2]))
    assert float(loss.detach()) == pytest.approx(math.log(3), abs=1e-5)


def test_the_contrastive_loss_reads_the_first_or_the_mean_valid_token() -> None:
    x, mask = tokens(2, 3), torch.tensor([[1, 1, 0], [1, 0, 0]])
    state = set_state([0, 1], mask)
    first, mean = (place("more", r=4, n_tasks=2, pooling=p) for p in ("first", "mean"))
    pooled = torch.stack((x[0, :2].mean(0), x[1, 0]))
    for built, vectors in ((first, x[:, 0]), (mean, pooled)):
        cosines = functional.cosine_similarity(vectors[:, None], built.task_embedding, dim=-1)
        wanted = 0.1 * functional.cross_entropy(cosines / 0.05, torch.tensor([0, 1]))
        torch.testing.assert_close(built.auxiliary(x, None, state), wanted)


def test_the_reported_size_on_t5_base() -> None:
    """R = T = 8 on all linears of T5-base: 3.244M for the LoRA part, as much for the selector."""
    shapes = [(768, 768)] * 4 * 36 + [(768, 3072), (3072, 768)] * 24
    more = [get_method("more")(r=8).place_parameters(AT, shape, 8) for shape in shapes]
    assert sum(c.experts for c in more) == pytest.approx(3.244e6, rel=1e-3)
    total = sum(c.total for c in more)
    assert total == pytest.approx(2 * 3.244e6, rel=1e-3)
    assert total / 8 / 2**20 == pytest.approx(0.774, abs=1e-3)


def test_bad_fields_are_named() -> None:
    with pytest.raises(ValueError, match="scaling is 'none'; it must be 'both', 'task' or 'off'"):
        get_method("more")(scaling="none")
    with pytest.raises(ValueError, match="pooling is 'last'"):
        get_method("more")(pooling="last")
