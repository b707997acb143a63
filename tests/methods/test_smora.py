"""SMoRA's own algebra: what its gate is equal to in the cases where that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from places import AT
from torch import Tensor, nn

from seesaw.methods import SMoRAConfig, after_step, routing, routing_state
from seesaw.methods.core.state import RoutingState
from seesaw.methods.smora import SMoRA

D_IN, D_OUT = 12, 7


def place(seed: int = 0, **options: Any) -> SMoRA:
    """One adapted place with everything in it random but the bias."""
    torch.manual_seed(seed)
    built = SMoRAConfig(target_modules=["x"], **options).build(AT, D_IN, D_OUT)
    nn.init.normal_(built.up)
    return built


def update(built: SMoRA, x: Tensor) -> Tensor:
    return built(torch.zeros(*x.shape[:-1], D_OUT), x, RoutingState())


def tokens(n: int = 5, seed: int = 1) -> Tensor:
    return torch.randn(n, D_IN, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40)
@given(r=st.integers(2, 12), data=st.data())
def test_gates_of_a_token_add_up_to_k_and_exactly_k_are_open(r: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, r))
    options = {
        "r": r,
        "active": k,
        "score": data.draw(st.sampled_from(["sigmoid", "softmax"])),
        "bias_in_gate": data.draw(st.booleans()),
    }
    built = place(data.draw(st.integers(0, 99)), **options)
    gate = built.gate(tokens(6), torch.randn(6, r), RoutingState())
    assert ((gate > 0).sum(-1) == k).all()
    torch.testing.assert_close(gate.sum(-1), torch.full((6,), float(k)))


@settings(max_examples=40)
@given(st.integers(1, 10), st.integers(0, 99), st.booleans())
def test_dense_and_gathered_computation_agree(k: int, seed: int, bias_in_gate: bool) -> None:
    """The update equals the sum over the kept ranks alone, one token at a time."""
    built = place(seed, r=10, active=k, bias_in_gate=bias_in_gate)
    built.bias.copy_(torch.randn(10) * 0.1)
    x = tokens()
    found = update(built, x)
    assert built.router is not None
    for row, token in enumerate(x):
        scores = torch.sigmoid(built.router @ token)
        biased = scores + built.bias
        kept = biased.topk(k).indices
        values = (biased if bias_in_gate else scores)[kept]
        gates = k * values / values.sum()
        wanted = (built.config.alpha / k) * built.up[:, kept] @ (gates * (built.down[kept] @ token))
        torch.testing.assert_close(found[row], wanted, rtol=1e-4, atol=1e-5)


def test_whole_blocks_are_a_top_1_mixture_of_small_loras() -> None:
    built = place(r=12, active=4, part=4)
    assert built.router is not None
    x = tokens()
    best = (x @ built.router.T).argmax(-1)
    for row, token in enumerate(x):
        block = slice(4 * int(best[row]), 4 * int(best[row]) + 4)
        wanted = built.config.alpha / 4 * built.up[:, block] @ (built.down[block] @ token)
        torch.testing.assert_close(update(built, x)[row], wanted, rtol=1e-4, atol=1e-5)


def test_with_one_active_rank_the_router_gets_no_gradient() -> None:
    built = place(r=6, active=1)
    update(built, tokens()).square().sum().backward()
    assert built.router is not None
    assert built.router.grad is not None
    torch.testing.assert_close(built.router.grad, torch.zeros_like(built.router), rtol=0, atol=1e-5)


def test_closed_ranks_get_no_gradient() -> None:
    built = place(r=6, active=2)
    x = tokens(1)
    closed = built.gate(x, built.project(x, RoutingState())[1], RoutingState())[0] == 0
    update(built, x).square().sum().backward()
    assert built.down.grad is not None
    assert built.up.grad is not None
    assert (built.down.grad[closed] == 0).all()
    assert (built.up.grad[:, closed] == 0).all()
    assert (built.down.grad[~closed] != 0).any()


def test_bias_moves_towards_unused_ranks_once_per_step_and_never_in_eval() -> None:
    built = place(r=6, active=2, balance_rate=0.25)
    state = RoutingState()
    built.train()
    for _ in range(2):  # accumulation: two micro-batches, one step
        built(torch.zeros(5, D_OUT), tokens(), state)
    counts = built.counts.clone()
    assert counts.sum() == 2 * 5 * 2
    built.after_step()
    torch.testing.assert_close(built.bias, 0.25 * torch.sign(counts.mean() - counts))
    assert (built.counts == 0).all()
    moved = built.bias.clone()
    built.eval()
    built(torch.zeros(5, D_OUT), tokens(), state)
    built.after_step()
    torch.testing.assert_close(built.bias, moved)


def test_keeping_all_ranks_is_the_dense_gate() -> None:
    built = place(r=6, active=6)
    logits = torch.randn(5, 6)
    scores = torch.sigmoid(logits) + built.bias
    dense = 6 * scores / scores.sum(-1, keepdim=True)
    torch.testing.assert_close(built.gate(tokens(5), logits, RoutingState()), dense)


def _count_on_two_processes(rank: int, address: str, bias: Any) -> None:
    torch.distributed.init_process_group("gloo", address, rank=rank, world_size=2)
    built = place(r=4, active=1, balance_rate=0.5)
    nn.init.zeros_(built.bias)
    built.counts.copy_(torch.tensor([[9.0, 0, 0, 0], [0, 1.0, 2.0, 0]])[rank])
    built.after_step()
    bias[rank] = built.bias


@pytest.mark.slow
def test_counts_are_summed_over_processes(tmp_path: Path) -> None:
    bias = torch.zeros(2, 4).share_memory_()
    address = f"file://{tmp_path / 'meet'}"
    torch.multiprocessing.spawn(_count_on_two_processes, (address, bias), nprocs=2)
    # 9 + 0, 0 + 1, 0 + 2, 0 + 0 selections; the mean is 3
    assert bias.tolist() == [[-0.5, 0.5, 0.5, 0.5]] * 2


def test_padding_is_not_counted() -> None:
    built = place(r=6, active=2).train()
    state = RoutingState()
    state.masks["inputs"] = torch.tensor([[1, 1, 0], [1, 0, 0]])
    built(torch.zeros(2, 3, D_OUT), tokens(6).view(2, 3, D_IN), state)
    assert built.counts.sum() == 3 * 2


def test_bias_keeps_its_precision_in_bf16() -> None:
    built = place(r=6, active=2).to(torch.bfloat16)
    assert built.down.dtype == torch.bfloat16
    assert built.bias.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forced_open_it_is_pefts_lora(dtype: torch.dtype) -> None:
    """Router zero and k = r: the gate is 1 everywhere. Outputs and gradients agree to 1e-6."""
    torch.manual_seed(0)
    base = nn.Sequential(nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 8)).to(dtype)
    x, target = torch.randn(4, 5, 16, dtype=dtype), torch.randn(4, 5, 8, dtype=dtype)
    copy = nn.Sequential(nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 8)).to(dtype)
    copy.load_state_dict(base.state_dict())
    names = ["0", "2"]
    lora: Any = get_peft_model(base, LoraConfig(r=6, lora_alpha=12, target_modules=names))
    smora: Any = get_peft_model(copy, SMoRAConfig(r=6, active=6, alpha=12, target_modules=names))
    for name in names:
        theirs = lora.get_submodule(f"base_model.model.{name}")
        ours = smora.get_submodule(f"base_model.model.{name}").seesaw_adapter["default"]
        nn.init.normal_(theirs.lora_B["default"].weight, std=0.1)
        with torch.no_grad():
            ours.down.copy_(theirs.lora_A["default"].weight)
            ours.up.copy_(theirs.lora_B["default"].weight)
            ours.router.zero_()
    outputs = [model(x) for model in (lora, smora)]
    torch.testing.assert_close(outputs[1], outputs[0], rtol=1e-6, atol=1e-6)
    for output in outputs:
        (output - target).square().mean().backward()
    for name in names:
        theirs = lora.get_submodule(f"base_model.model.{name}")
        ours = smora.get_submodule(f"base_model.model.{name}").seesaw_adapter["default"]
        for found, wanted in (
            (ours.down, theirs.lora_A["default"].weight),
            (ours.up, theirs.lora_B["default"].weight),
        ):
            torch.testing.assert_close(found.grad, wanted.grad, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"active": 9, "r": 8}, "active is 9"),
        ({"active": 0}, "active is 0"),
        ({"part": 3, "r": 8}, "part is 3"),
        ({"score": "relu"}, "score is 'relu'"),
        ({"gate_sum": "two"}, "gate_sum is 'two'"),
        ({"r": 0}, "r is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_bad_fields_are_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        SMoRAConfig(**options)


def test_trained_bias_is_a_counted_parameter() -> None:
    built = place(r=6, active=2, bias_trained=True)
    assert isinstance(built.bias, nn.Parameter)
    update(built, tokens()).sum().backward()
    assert built.bias.grad is not None
    counts = built.config.place_parameters(AT, (D_IN, D_OUT), 1)
    assert counts.total == sum(p.numel() for p in built.parameters())


def test_one_state_serves_all_places_and_is_cleared() -> None:
    model: Any = get_peft_model(
        nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8)),
        SMoRAConfig(r=4, active=2, target_modules=["0", "1"]),
    )
    state = routing_state(model)
    assert state is not None
    with routing(model, torch.tensor([1]), torch.ones(1, 3)) as used:
        assert used is state
        assert state.task_ids is not None
    assert state.task_ids is None
    after_step(model)
