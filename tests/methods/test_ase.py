"""ASE: what the joint softmax is in its corners, and whose router learns."""

from __future__ import annotations

import math
from typing import Any

import pytest
import timm
import torch
from places import lora, place, set_state, tokens, update
from torch import nn

from seesaw.methods import get_method, routing
from seesaw.methods.core.placement import Placement


def gates(built: Any, logits: torch.Tensor) -> torch.Tensor:
    """Gates of experts (tokens, N)."""
    found: torch.Tensor = built.gate(tokens(len(logits)), logits, set_state([0]))
    return found


def test_active_gates_add_up_to_one() -> None:
    built = place("ase", r=16, experts=8, sparse=3, shared=1, n_tasks=2)
    found = gates(built, torch.randn(6, 8))
    torch.testing.assert_close(found.sum(-1), torch.ones(6))
    assert ((found > 0).sum(-1) == 4).all()
    assert (found[:, 7] > 0).all()


def test_without_shared_experts_it_is_top_k_and_then_softmax() -> None:
    built = place("ase", r=16, experts=8, sparse=3, shared=0, n_tasks=2)
    logits = torch.randn(6, 8)
    kept = logits.topk(3).indices
    closed = torch.full_like(logits, float("-inf")).scatter(1, kept, logits.gather(1, kept))
    torch.testing.assert_close(gates(built, logits), torch.softmax(closed, dim=-1))


def test_extreme_logits_leave_only_one_kind() -> None:
    built = place("ase", r=16, experts=8, sparse=3, shared=2, n_tasks=2)
    logits = torch.randn(6, 8)
    low = logits.clone()
    low[:, :6] -= 200.0
    wanted = torch.softmax(logits[:, 6:], dim=-1)
    torch.testing.assert_close(gates(built, low)[:, 6:], wanted)
    low = logits.clone()
    low[:, 6:] -= 200.0
    alone = place("ase", r=12, experts=6, sparse=3, shared=0, n_tasks=2)
    torch.testing.assert_close(gates(built, low)[:, :6], gates(alone, logits[:, :6]))


def test_one_expert_is_lora_whatever_the_router() -> None:
    built = place("ase", r=4, experts=1, sparse=1, shared=0, n_tasks=2, alpha=1.5)
    x = tokens(2, 5)
    torch.testing.assert_close(update(built, x, set_state([0, 1])), lora(built, x, 1.5))


def test_naive_shared_experts_weigh_one_and_the_baseline_keeps_less() -> None:
    naive = place("ase", r=16, experts=8, sparse=3, shared=1, weighting="naive", n_tasks=2)
    found = gates(naive, torch.randn(6, 8))
    assert (found[:, 7] == 1).all()
    assert (found.sum(-1) > 1).all()
    baseline = place("ase", r=16, experts=8, sparse=4, shared=0, weighting="none", n_tasks=2)
    found = gates(baseline, torch.randn(6, 8))
    assert ((found > 0).sum(-1) == 4).all()
    assert (found.sum(-1) < 1).all()


def test_tasks_share_experts_but_not_routers() -> None:
    built = place("ase", r=16, experts=8, sparse=3, shared=1, n_tasks=3)
    x = tokens(2, 5)
    one = update(built, x, set_state([1, 1]))
    assert not torch.allclose(one, update(built, x, set_state([0, 0])), atol=1e-3)
    one.square().sum().backward()
    moved = built.router_tasks.grad.abs().amax((1, 2)) > 0
    assert moved.tolist() == [False, True, False]


def test_the_mutual_information_loss_falls_as_experts_tell_tasks_apart() -> None:
    built = place("ase", r=4, experts=4, sparse=1, shared=0, n_tasks=2, mutual=1.0)
    state = set_state([0, 1])
    same = torch.zeros(2, 3, 4)
    assert float(built.auxiliary(same, same, state)) == pytest.approx(0.0, abs=1e-6)
    apart = torch.full((2, 3, 4), -30.0)
    apart[0, :, 0] = apart[1, :, 1] = 30.0
    loss = float(built.auxiliary(apart, apart, state))
    assert loss == pytest.approx(-math.log(2), abs=1e-4)


def test_the_task_embedding_moves_the_input_of_its_task_alone(encoder: Any) -> None:
    config: Any = get_method("ase")(target_modules=["query"], n_tasks=2)
    model: Any = config.adapt(encoder)
    ids = torch.tensor([[3, 4, 5], [3, 4, 5]])
    (embedding,) = [p for name, p in model.named_parameters() if "task_embedding" in name]
    assert (embedding == 0).all()
    nn.init.normal_(embedding[1])
    with routing(model, torch.tensor([0, 1])):
        both = model(input_ids=ids).last_hidden_state
        assert not torch.allclose(both[0], both[1], atol=1e-3)
    with model.disable_adapter():
        off = model(input_ids=ids).last_hidden_state
    torch.testing.assert_close(off[0], off[1])
    torch.testing.assert_close(both[0], off[0])


def test_in_a_vit_the_task_embedding_goes_to_the_patches() -> None:
    vit = timm.create_model("test_vit", pretrained=False).eval()
    placement = Placement(r"blocks\.\d+\.mlp\.fc2", {r"(.*)\.fc2": r"\1.fc1"})
    config = get_method("ase")(r=8, experts=4).placed(placement, 0.0, 2)
    model: Any = config.adapt(vit)
    images = torch.randn(1, 3, 160, 160).repeat(2, 1, 1, 1)
    (embedding,) = [p for name, p in model.named_parameters() if "task_embedding" in name]
    assert embedding.shape == (2, vit.embed_dim)
    with torch.no_grad(), routing(model, torch.tensor([0, 1])):
        torch.testing.assert_close(*model(images))  # it starts as the frozen model
        nn.init.normal_(embedding)
        assert not torch.allclose(*model(images), atol=1e-3)


def test_keeping_all_without_shared_experts_is_the_dense_mixture() -> None:
    built = place("ase", r=16, experts=8, sparse=8, shared=0, n_tasks=2)
    logits = torch.randn(6, 8)
    torch.testing.assert_close(gates(built, logits), torch.softmax(logits, dim=-1))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"shared": 16}, "shared is 16; it must be under experts = 16"),
        ({"sparse": 16}, "sparse is 16; it must be between 1 and the 15 experts"),
        ({"weighting": "fixed"}, "weighting is 'fixed'"),
    ],
)
def test_bad_fields_are_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        get_method("ase")(**options)


def test_the_information_is_smoothed_as_mod_squad_does() -> None:
    little = 1e-4
    logits = torch.randn(3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    built = place("ase", r=4, experts=4, sparse=1, shared=0, n_tasks=3, mutual=0.5)
    built.config.smoothing = little
    found = built.auxiliary(tokens(3), logits, set_state([0, 2, 0]))

    joint = torch.zeros(3, 4, dtype=torch.float64)
    for own, task in zip(logits, [0, 2, 0], strict=True):
        joint[task] += (own.softmax(-1) + little).sum(0)
    joint /= 15 + little
    by_task, by_expert = joint.sum(1) + little, joint.sum(0) + little
    cells = [
        joint[t, e] * torch.log(joint[t, e] / by_task[t] / by_expert[e] + little)
        for t in (0, 2)
        for e in range(4)
    ]
    torch.testing.assert_close(found, -0.5 * sum(cells))
