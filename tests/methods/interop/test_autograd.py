"""Adapters under torch's transforms: compiled without a break, per-sample gradients, twice over."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny_models import GATED, TASK_IDS, TOLD, adapted, inputs, told
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.func import functional_call, grad, vmap
from torch.utils.checkpoint import checkpoint

from seesaw.methods import routing


@pytest.mark.parametrize("name", GATED)
@pytest.mark.slow
def test_training_compiles_to_one_graph(name: str) -> None:
    torch._dynamo.reset()
    model = adapted(name, "llama").train()
    counter = CompileCounter()
    compiled: Any = torch.compile(model, backend=counter, fullgraph=True)
    batch = {**inputs("llama"), "use_cache": False}
    for _ in range(2):
        with routing(model, TASK_IDS if name in TOLD else None, batch["attention_mask"]) as state:
            found = compiled(**batch).loss + state.auxiliary_loss()
        with routing(model, TASK_IDS if name in TOLD else None, batch["attention_mask"]) as state:
            wanted = model(**batch).loss + state.auxiliary_loss()
        torch.testing.assert_close(found, wanted)
    assert counter.frame_count == 1


@pytest.mark.parametrize("name", ["molora", "moelora"])
@pytest.mark.slow
def test_what_a_model_is_told_compiles_with_it(name: str) -> None:
    torch._dynamo.reset()
    model = adapted(name, "llama").train()
    compiled: Any = torch.compile(model, backend="aot_eager", fullgraph=True)
    batch = {**inputs("llama"), **told(name), "use_cache": False}
    loss = compiled(**batch).loss
    loss.backward()
    torch.testing.assert_close(loss, model(**batch).loss)


@pytest.mark.parametrize("name", ["molora", "moelora"])
def test_a_whole_model_is_checkpointed(name: str) -> None:
    gradients = []
    for checkpointed in (False, True):
        model = adapted(name, "llama").train()
        batch = {**inputs("llama"), **told(name), "use_cache": False}
        if checkpointed:
            loss = checkpoint(lambda: model(**batch).loss, use_reentrant=False)  # noqa: B023
        else:
            loss = model(**batch).loss
        loss.backward()
        gradients.append([p.grad for p in model.parameters() if p.requires_grad])
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(again, plain)


class Place(nn.Module):
    """One adapted linear, and its output's square."""

    def __init__(self, name: str) -> None:
        super().__init__()
        layer = nn.ModuleDict({"q_proj": nn.Linear(6, 5)})
        options = {"input_embedding": False} if name == "ase" else {}
        self.layer = adapted(
            name, "llama", layer, target_modules=["q_proj"], **options
        ).base_model.model["q_proj"]

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x).square().sum()


def trained(model: nn.Module) -> dict[str, Tensor]:
    return {n: p.detach() for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("name", GATED)
def test_gradients_per_example(name: str) -> None:
    model = Place(name).eval()
    x = torch.randn(4, 1, 3, 6, generator=torch.Generator().manual_seed(0))

    def loss(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        found: Tensor = functional_call(model, parameters, (x,))
        return found

    with routing(model, [1] if name in TOLD else None):
        found = vmap(grad(loss), in_dims=(None, 0), randomness="different")(trained(model), x)
        for i, example in enumerate(x):
            model.zero_grad()
            model(example).backward()
            for key, parameter in model.named_parameters():
                if parameter.requires_grad and parameter.grad is not None:
                    torch.testing.assert_close(found[key][i], parameter.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", GATED)
def test_a_gradient_has_a_gradient(name: str) -> None:
    model = Place(name).double().eval()
    x = torch.randn(2, 3, 6, dtype=torch.double, requires_grad=True)
    with routing(model, [1, 0] if name in TOLD else None):
        torch.autograd.gradgradcheck(model, (x,), atol=1e-4)


def test_checkpointing_that_reenters_says_what_it_drops() -> None:
    model = adapted("molora", "llama").train()
    model.enable_input_require_grads()
    model.gradient_checkpointing_enable({"use_reentrant": True})
    loss = model(**inputs("llama"), **told("molora")).loss
    with pytest.raises(ValueError, match="use_reentrant=False"):
        loss.backward()
