"""The routing state: what adapted layers must know about the batch, and what they report back.

One object per model, held by reference by every adapted layer. It is set before the forward pass
and kept until after the backward pass, so that gradient checkpointing, which runs layers again
inside backward, sees the same task ids and mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seesaw.methods.core.placement import Place


def _in_backward() -> bool:
    """Whether autograd is running, i.e. this forward is a recomputation by checkpointing."""
    return torch._C._current_graph_task_id() != -1


class RoutingState:
    """Task ids (batch,), padding mask (batch, length), and what the layers collected.

    `losses` holds one auxiliary loss per adapted place. While `record_usage` is on, `collected`
    holds per place the gate mass (batch, experts) of every call, summed over valid tokens;
    `attribute` adds it to the tables (tasks, experts) of `usage`. `told` holds, for every adapter
    that is told the task, whether it acts and how many tasks it knows.
    """

    def __init__(self) -> None:
        self.task_ids: Tensor | None = None
        self.mask: Tensor | None = None
        self.losses: list[Tensor] = []
        self.record_usage = False
        self.collected: dict[Place, list[Tensor]] = {}
        self.usage: dict[Place, Tensor] = {}
        self.told: dict[str, tuple[Callable[[], bool], int]] = {}

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
                "forward and backward; the suite does for methods that declare told_task = True"
            )
        return self.task_ids

    def set(self, task_ids: Tensor | None, mask: Tensor | None) -> None:
        """Begin a batch.

        Raises:
            ValueError: a task id is out of range (seen on a CPU only, a GPU would have to wait).
        """
        if task_ids is not None and task_ids.device.type == "cpu":
            bound = min((n for acts, n in self.told.values() if acts()), default=None)
            if bound is not None:
                wrong = task_ids[(task_ids < 0) | (task_ids >= bound)].tolist()
                if wrong:
                    raise ValueError(f"task ids {wrong} are not among 0 ... {bound - 1}")
        self.task_ids, self.mask, self.losses, self.collected = task_ids, mask, [], {}

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

    def collect(self, place: Place, gates: Tensor) -> None:
        """Keep the mass by example of gates (batch, ..., experts) over the valid tokens."""
        valid = self.valid(gates)
        if valid is not None:
            gates = gates * valid.unsqueeze(-1)
        per_example = gates.detach().reshape(gates.shape[0], -1, gates.shape[-1]).sum(1)
        self.collected.setdefault(place, []).append(per_example.float())

    def attribute(self, task_ids: Tensor | None, n_tasks: int) -> None:
        """Add what was collected since the batch began to `usage`, and forget it.

        Args:
            task_ids: of the examples (batch,), whose beams stand one after the other; without them
                all is the first task's.
            n_tasks: rows of the tables.

        Raises:
            ValueError: there is no whole number of collected rows per example.
        """
        for place, masses in self.collected.items():
            for mass in masses:
                shape = n_tasks, mass.shape[-1]
                table = self.usage.setdefault(place, torch.zeros(shape, device=mass.device))
                ids = torch.zeros(1).long() if task_ids is None else task_ids
                if len(mass) % len(ids):
                    raise ValueError(
                        f"{len(ids)} task ids do not go with {len(mass)} rows of gates"
                    )
                whose = ids.to(mass.device).repeat_interleave(len(mass) // len(ids))
                table.index_add_(0, whose, mass)
        self.collected = {}


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
