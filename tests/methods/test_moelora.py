"""MOELoRA: the gate is the task's alone, and one for the whole model."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from places import copy_into, lora, place, set_state, tokens, update
from torch import nn

from seesaw.methods import get_method, routing


def test_with_the_gate_open_it_is_lora() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3, alpha=6.0)
    del built.shared
    built.__dict__["shared"] = lambda tasks: torch.ones(len(tasks), 4)
    x = tokens(2, 5)
    torch.testing.assert_close(update(built, x, set_state([0, 2])), lora(built, x, 6.0 / 8))


def test_a_uniform_gate_is_lora_over_the_number_of_experts() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3, alpha=6.0)
    nn.init.zeros_(built.shared.router.weight)
    x = tokens(2, 5)
    torch.testing.assert_close(update(built, x, set_state([0, 2])), lora(built, x, 6.0 / 8 / 4))


def test_one_expert_is_lora() -> None:
    built = place("moelora", r=4, experts=1, n_tasks=3, alpha=6.0)
    x = tokens(2, 5)
    torch.testing.assert_close(update(built, x, set_state([0, 2])), lora(built, x, 6.0 / 4))


def test_the_weight_differs_by_task_and_by_nothing_else() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3)
    x = tokens(1, 5).repeat(3, 1, 1)
    found = update(built, x, set_state([1, 1, 2]))
    torch.testing.assert_close(found[0], found[1])
    assert not torch.allclose(found[0], found[2], atol=1e-3)
    gates = [built.gate(x, None, set_state([t])) for t in (1, 2)]
    for row, gate in ((0, gates[0]), (2, gates[1])):
        weight = built.scale * (built.up * gate.repeat_interleave(2)) @ built.down
        torch.testing.assert_close(found[row], x[row] @ weight.T, rtol=1e-4, atol=1e-5)


def test_permuting_experts_with_their_gates_changes_nothing() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3)
    x, state = tokens(2, 5), set_state([0, 2])
    before = update(built, x, state)
    order = torch.tensor([2, 0, 3, 1])
    ranks = torch.stack((2 * order, 2 * order + 1), 1).flatten()
    twin = place("moelora", r=8, experts=4, n_tasks=3)
    copy_into(twin, built)
    with torch.no_grad():
        twin.down.copy_(built.down[ranks])
        twin.up.copy_(built.up[:, ranks])
        twin.shared.load_state_dict(built.shared.state_dict())
        twin.shared.router.weight.copy_(built.shared.router.weight[order])
    torch.testing.assert_close(update(twin, x, state), before)


def test_one_gate_serves_all_layers_and_is_listed_once() -> None:
    config: Any = get_method("moelora")(target_modules=["0", "1"], n_tasks=3, r=8, experts=4)
    model: Any = config.adapt(nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6)))
    layers = [
        model.get_submodule(f"base_model.model.{i}").seesaw_adapter["default"] for i in (0, 1)
    ]
    assert layers[0].shared is layers[1].shared
    names = [name for name, _ in model.named_parameters() if "task_embedding" in name]
    assert len(names) == 1
    with routing(model, torch.tensor([0, 1])):
        model(torch.randn(2, 6)).sum().backward()


def test_missing_and_wrong_task_ids_are_errors() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3)
    with pytest.raises(ValueError, match="moelora routes on the task: pass task_ids"):
        update(built, tokens(2, 5))
    config: Any = get_method("moelora")(target_modules=["0"], n_tasks=3, r=8, experts=4)
    model = config.adapt(nn.Sequential(nn.Linear(6, 6)))
    message = r"task ids \[3\] are not among 0 \.\.\. 2"
    with pytest.raises(ValueError, match=message), routing(model, torch.tensor([0, 3])):
        model(torch.randn(2, 6))
    with pytest.raises(ValueError, match="2 task ids do not go with 3 rows"):
        update(built, tokens(3, 5), set_state([0, 1]))


def test_beams_repeat_the_ids() -> None:
    built = place("moelora", r=8, experts=4, n_tasks=3)
    x = tokens(2, 5)
    beams = update(built, x.repeat_interleave(3, dim=0), set_state([0, 2]))
    torch.testing.assert_close(beams[::3], update(built, x, set_state([0, 2])))
