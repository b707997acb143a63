"""Deterministic and one-off measurements: operations, saved activations, memory, parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from seesaw.methods import routing
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Placement


def count_flops(work: Callable[[], Any]) -> int:
    """Multiply-adds times two of every product `work` runs, backward included."""
    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return int(counter.get_total_flops())


@contextmanager
def saved_for_backward(*apart: Tensor) -> Iterator[dict[int, Tensor]]:
    """Tensors kept for backward inside the block, one per storage, but for those of `apart`."""
    kept: dict[int, Tensor] = {}
    left_out = {_storage(tensor) for tensor in apart}

    def pack(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in left_out:
            kept[_storage(tensor)] = tensor
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata  # data_ptr is 0 for all of the meta device


def saved_elements(config: MethodConfig, shape: tuple[int, int]) -> float:
    """Elements per token that one place of `shape` keeps for backward, beyond input and output.

    Counted on the meta device in float32, at the nominal rank and without dropout; what is kept
    once per example or per batch is left out.
    """
    short, long = (_saved_at(config, shape, length) for length in (8, 16))
    return (long - short) / 8


def _saved_at(config: MethodConfig, shape: tuple[int, int], length: int) -> int:
    with torch.device("meta"):
        net = _OneLinear(*shape)
        model = config.placed(Placement("linear"), 0.0, 2).with_ranks({}).adapt(net).train()
        x, tasks = torch.empty(1, length, shape[0], requires_grad=True), torch.zeros(1).long()
        with routing(model, tasks), saved_for_backward(*model.parameters()) as kept:
            model(x)
    own = {key: t for key, t in kept.items() if key not in net.inputs}
    return sum(t.untyped_storage().nbytes() // t.element_size() for t in own.values())


class _OneLinear(nn.Module):
    """A frozen linear with an input embedding, as much of a backbone as a method asks for."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.config = SimpleNamespace(hidden_size=d_in)
        self.embedding, self.linear = nn.Identity(), nn.Linear(d_in, d_out)
        self.inputs: set[int] = set()
        self.linear.register_forward_pre_hook(lambda module, x: self.inputs.add(_storage(x[0])))
        self.requires_grad_(False)

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(self.embedding(x))
        return output
