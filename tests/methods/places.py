"""One adapted place of any method, for tests of its algebra."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from seesaw.methods import get_method
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState

D_IN, D_OUT = 12, 7
AT = Place.at("x")


def place(name: str, seed: int = 0, shape: tuple[int, int] = (D_IN, D_OUT), **options: Any) -> Any:
    """One place of `name`, its parameters random; what the model shares is its own."""
    torch.manual_seed(seed)
    config: Any = get_method(name)(target_modules=["x"], **options)
    built: Gated = config.build(AT, *shape)
    shared = config.build_shared(nn.Identity()) if name != "ase" else None
    if shared is not None:
        built.share(shared, owner=True)
    for parameter in built.parameters():
        nn.init.normal_(parameter, std=0.5)
    return built


def set_state(task_ids: list[int] | None = None, mask: Tensor | None = None) -> RoutingState:
    """A routing state by hand."""
    state = RoutingState()
    state.task_ids = None if task_ids is None else torch.tensor(task_ids)
    state.masks = {"inputs": mask}
    return state


def tokens(*shape: int, seed: int = 1) -> Tensor:
    """Random inputs (*shape, D_IN)."""
    return torch.randn(*shape, D_IN, generator=torch.Generator().manual_seed(seed))


def update(built: Gated, x: Tensor, state: RoutingState | None = None) -> Tensor:
    """What the place adds to an output of zeros."""
    return built(x.new_zeros(*x.shape[:-1], built.up.shape[0]), x, state or RoutingState())


def lora(built: Gated, x: Tensor, scale: float) -> Tensor:
    """PEFT's LoRA with the same A and B: scale B A x."""
    return scale * (x @ built.down.T) @ built.up.T


def copy_into(target: Gated, source: Gated) -> None:
    """The same D, U and router."""
    with torch.no_grad():
        target.down.copy_(source.down)
        target.up.copy_(source.up)
        if target.router is not None and source.router is not None:
            target.router.copy_(source.router)
