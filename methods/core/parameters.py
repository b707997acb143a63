"""Parameters of an adapter: how many are trained and used, and what each of them is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn

Role = Literal["experts", "router", "task_embedding", "state"]
"""What a tensor of an adapter is; "state" changes in training without being trained."""


@dataclass(frozen=True)
class Parameters:
    """Trainable adapter parameters over all adapted places, and those one token uses.

    `active_experts` counts the expert parameters one token is multiplied with, `active_router` what
    every token reads to be routed: 0 where the gate is a table looked up by task.
    """

    experts: int = 0
    active_experts: int = 0
    router: int = 0
    active_router: int = 0
    task_embedding: int = 0

    @property
    def total(self) -> int:
        """Everything the budget counts."""
        return self.experts + self.router + self.task_embedding

    @property
    def active(self) -> int:
        """Parameters one token uses, router included."""
        return self.active_experts + self.active_router

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            *(getattr(self, f.name) + getattr(other, f.name) for f in dataclasses.fields(self))
        )


def parameter_roles(model: nn.Module) -> dict[str, Role]:
    """The role of every parameter and buffer that adapters put into `model`, by full name.

    Modules of our methods declare them in `roles`; all tensors of PEFT's own LoRA are experts.

    Raises:
        ValueError: a tensor is not declared, or is trained and declared as state.
    """
    found: dict[str, Role] = {}
    unknown, trained = [], []
    for name, tensor, role in _adapter_tensors(model):
        if role is None:
            unknown.append(name)
        else:
            found[name] = role
        if role == "state" and tensor.requires_grad:
            trained.append(name)
    if unknown:
        raise ValueError(
            f"no role is declared for {', '.join(unknown)}: name it in `roles` of its module"
        )
    if trained:
        raise ValueError(f"{', '.join(trained)}: trained, but its role is 'state'")
    return found


def _adapter_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor, Role | None]]:
    for prefix, layer in model.named_modules():
        if not isinstance(layer, BaseTunerLayer):
            continue
        for slot in layer.adapter_layer_names:
            container = getattr(layer, slot)
            path = f"{prefix}.{slot}." if prefix else f"{slot}."
            if isinstance(layer, LoraLayer):
                yield from ((path + n, t, "experts") for n, t in _tensors(container))
            else:
                yield from ((path + n, t, _declared(container, n)) for n, t in _tensors(container))


def _tensors(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _declared(container: nn.Module, name: str) -> Role | None:
    """The role that the nearest module around a tensor declares for it."""
    parts = name.split(".")
    for depth in range(len(parts) - 1, 0, -1):
        module = container.get_submodule(".".join(parts[:depth]))
        role: Role | None = getattr(module, "roles", {}).get(".".join(parts[depth:]))
        if role is not None:
            return role
    return None
