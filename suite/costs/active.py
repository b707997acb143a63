"""How many of the trained parameters one token uses, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

from seesaw.methods import routing
from seesaw.methods.core.gated import Gated
from seesaw.suite.costs.parameters import trained_kinds

KINDS = ("experts", "router")
"""What a statement of active parameters is about; a task embedding is looked up."""


def active_parameters(model: nn.Module) -> dict[str, int]:
    """Trained parameters by kind (experts, router) that the output of one token depends on.

    At every adapted place a random token is read, on its own and in evaluation, and the gradient of
    a random cotangent taken: what is not zero in it was used. An adapter that has learnt nothing
    hides what is multiplied by its zeros, so that less may be found than is used, but never more.
    """
    kinds = trained_kinds(model)
    trained = {n: p for n, p in model.named_parameters() if kinds.get(n) in KINDS}
    used = {name: torch.zeros_like(p, dtype=torch.bool) for name, p in trained.items()}
    generator, training = torch.Generator().manual_seed(0), model.training
    model.eval()
    for update, width, like in _updates(model):
        token = torch.randn(1, 1, width, generator=generator).to(like)
        output = update(token)
        if not output.requires_grad:
            continue
        cotangent = torch.randn(output.shape, generator=generator).to(output)
        gradients = torch.autograd.grad(
            output, list(trained.values()), cotangent, allow_unused=True
        )
        by_table = _is_linear(update, token, output)
        for (name, mask), gradient in zip(used.items(), gradients, strict=True):
            if gradient is not None and not (by_table and kinds[name] == "router"):
                mask |= gradient != 0
    model.train(training)
    return {k: sum(int(used[n].sum()) for n in used if kinds[n] == k) for k in KINDS}


def _updates(model: nn.Module) -> Iterator[tuple[Callable[[Tensor], Tensor], int, Tensor]]:
    """Every update by place, as a function of one token, with its width and a tensor like it."""
    for layer in model.modules():
        if isinstance(layer, Gated):
            yield _gated(model, layer), layer.down.shape[-1], layer.down
        elif isinstance(layer, BaseTunerLayer) and not _holds_gated(layer):
            linear: Any = layer.get_base_layer()
            packed = not linear.weight.is_floating_point()
            own = (p for p in layer.parameters() if p.requires_grad)
            yield layer, linear.in_features, next(own, linear.weight) if packed else linear.weight


def _holds_gated(layer: nn.Module) -> bool:
    return any(isinstance(part, Gated) for part in layer.modules())


def _gated(model: nn.Module, update: Gated) -> Callable[[Tensor], Tensor]:
    ids = torch.zeros(1, dtype=torch.long, device=update.down.device)

    def of(token: Tensor) -> Tensor:
        nothing = token.new_zeros(1, 1, update.up.shape[0])
        with routing(model, ids if update.config.told_task else None) as state:
            output: Tensor = update(nothing, token, state)
        return output

    return of


def _is_linear(update: Callable[[Tensor], Tensor], token: Tensor, output: Tensor) -> bool:
    """Whether the gate does not depend on the token: it is a table, and no token reads a router."""
    with torch.no_grad():
        doubled = update(2 * token)
        least = 1e-4 * float(output.abs().max())
    return torch.allclose(doubled, 2 * output, rtol=1e-3, atol=least)
