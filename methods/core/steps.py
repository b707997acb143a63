"""Updates that follow every optimiser step, whoever takes it: a Trainer, accelerate, any loop.

torch tells of every step of every optimiser; the layers whose parameters it has are updated.
"""

from __future__ import annotations

from itertools import count
from typing import Any, Protocol
from weakref import WeakValueDictionary

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_post_hook


class Stepped(Protocol):
    """A layer that does something after a step of the optimiser that has its `up`."""

    up: nn.Parameter

    def after_step(self) -> None:
        """Do it."""


# in the order they were made, which all processes must share
_LAYERS: WeakValueDictionary[int, Any] = WeakValueDictionary()
_NUMBER = count()


def stepped(layer: Stepped) -> None:
    """Have `layer.after_step` called from now on."""
    _LAYERS[next(_NUMBER)] = layer


def _after_step(optimizer: torch.optim.Optimizer, *_: Any) -> None:
    own: set[Tensor] = {p for group in optimizer.param_groups for p in group["params"]}
    for layer in _LAYERS.values():
        if layer.up in own:
            layer.after_step()


register_optimizer_step_post_hook(_after_step)
