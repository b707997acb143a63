"""The routing state: what adapted layers must know about the batch, and what they report back.

One object per model, held by reference by every adapted layer. It is set before the forward pass
and kept until after the backward pass, so that gradient checkpointing, which runs layers again
inside backward, sees the same task ids and mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


def _in_backward() -> bool:
    """Whether autograd is running, i.e. this forward is a recomputation by checkpointing."""
    return torch._C._current_graph_task_id() != -1


class RoutingState:
    """Task ids (batch,), padding mask (batch, length), and what the layers collected.

    `places` counts the adapted places, `n_tasks` bounds the ids where a method is told the task.
    `losses` holds one auxiliary loss per adapted place. `usage` holds, per place, gate mass summed
    over valid tokens as (tasks, experts), while `record_usage` is on.
    """

    def __init__(self) -> None:
        self.task_ids: Tensor | None = None
        self.mask: Tensor | None = None
        self.places = 0
        self.n_tasks: int | None = None
        self.losses: list[Tensor] = []
        self.record_usage = False
        self.usage: dict[str, Tensor] = {}

    @property
    def collecting(self) -> bool:
        """False inside a recomputation, which must not collect anything twice."""
        return not _in_backward()

    def auxiliary_loss(self) -> Tensor | float:
        """Sum of the losses collected since the state was set, 0.0 if there are none."""
        return torch.stack(self.losses).sum() if self.losses else 0.0

    def tasks(self, method: str) -> Tensor:
        """The task ids (batch,) for a method that routes on them.

        Raises:
            ValueError: they are not set.
        """
        if self.task_ids is None:
            raise ValueError(
                f"{method} routes on the task: hold methods.routing(model, task_ids) around "
                "forward and backward"
            )
        return self.task_ids

    def set(self, task_ids: Tensor | None, mask: Tensor | None) -> None:
        """Begin a batch.

        Raises:
            ValueError: a task id is out of range (seen on a CPU only, a GPU would have to wait).
        """
        if task_ids is not None and self.n_tasks is not None and task_ids.device.type == "cpu":
            wrong = task_ids[(task_ids < 0) | (task_ids >= self.n_tasks)].tolist()
            if wrong:
                raise ValueError(f"task ids {wrong} are not among 0 ... {self.n_tasks - 1}")
        self.task_ids, self.mask, self.losses = task_ids, mask, []

    def weights(self, x: Tensor) -> Tensor:
        """1 for every valid token of `x` (..., width), 0 for padding, flat (tokens,)."""
        valid = self.valid(x)
        if valid is None:
            return x.new_ones(x.shape[:-1].numel())
        return valid.flatten().to(x.dtype)

    def valid(self, x: Tensor) -> Tensor | None:
        """The mask where it describes the tokens of `x` (batch, length, width), else None."""
        mask = self.mask
        return mask if mask is not None and mask.shape == x.shape[:-1] else None

    def add_usage(self, place: str, gates: Tensor, n_tasks: int) -> None:
        """Add gate mass (batch, ..., experts) of the valid tokens to the table of `place`."""
        valid = self.valid(gates)
        if valid is not None:
            gates = gates * valid.unsqueeze(-1)
        per_example = gates.detach().reshape(gates.shape[0], -1, gates.shape[-1]).sum(1)
        table = self.usage.setdefault(
            place, torch.zeros(n_tasks, gates.shape[-1], device=gates.device)
        )
        rows = per_example.shape[0]
        tasks = self.task_ids if self.task_ids is not None else per_example.new_zeros(1).long()
        # beams repeat every example
        tasks = tasks.repeat_interleave(rows // len(tasks))
        table.index_add_(0, tasks, per_example.float())


def routing_state(model: nn.Module) -> RoutingState | None:
    """The state the adapted layers of `model` share; None where nothing is routed."""
    for module in model.modules():
        state = getattr(module, "routing", None)
        if isinstance(state, RoutingState):
            return state
    return None


@contextmanager
def routing(
    model: nn.Module, task_ids: Tensor | None = None, mask: Tensor | None = None
) -> Iterator[RoutingState]:
    """Set task ids (batch,) and padding mask (batch, length) around forward AND backward.

    Harmless on models without routed layers. The state is cleared on exit.

    Raises:
        ValueError: see `RoutingState.set`.
    """
    state = routing_state(model) or RoutingState()
    state.set(task_ids, mask)
    try:
        yield state
    finally:
        state.set(None, None)
