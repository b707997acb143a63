"""Deterministic and one-off measurements: operations, saved activations, memory, parameters."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from methods import routing
from methods.method import MethodConfig, Placement


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


class PeakMemory:
    """Peak memory of a `with` block in bytes: allocated on a GPU, resident on a CPU.

    `grown` is the peak over what was held when the block began.
    """

    def __init__(self) -> None:
        self.bytes = self.before = 0

    @property
    def grown(self) -> int:
        """Bytes above those held at the beginning."""
        return max(0, self.bytes - self.before)

    def __enter__(self) -> PeakMemory:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            self.before = torch.cuda.memory_allocated()
        else:
            with suppress(OSError, AttributeError):
                ctypes.CDLL(None).malloc_trim(0)  # what is free shall not count as held
                Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM; Linux only
            self.before = _status("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        if torch.cuda.is_available():
            self.bytes = torch.cuda.max_memory_allocated()
            return
        self.bytes = _status("VmHWM")


def _status(field: str) -> int:
    """Bytes in one line of the kernel's account of this process; 0 where there is none."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(x for x in status.read_text().splitlines() if x.startswith(field))
    return int(line.split()[1]) * 1024


def count_trainable(model: nn.Module) -> dict[str, int]:
    """Trainable parameters by what they are: experts, router, task_embedding, head.

    Told by name: a method calls its router's parameters `router...` and its task embedding
    `task_embedding...`; everything else inside the backbone counts as experts.
    """
    counts = {"experts": 0, "router": 0, "task_embedding": 0, "head": 0}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        parts = name.split(".")
        if parts[0] == "heads":
            kind = "head"
        elif "task_embedding" in parts:
            kind = "task_embedding"
        elif any(part.startswith("router") for part in parts):
            kind = "router"
        else:
            kind = "experts"
        counts[kind] += parameter.numel()
    return counts
