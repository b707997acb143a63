"""The routing state: what adapted layers must know about the batch, and what they report back.

One object per model, held by reference by every adapted layer. It is set before the forward pass
and kept until after the backward pass, so that gradient checkpointing, which runs layers again
inside backward, sees the same task ids and mask: by `routing`, held around both, or else by what
the model is called with, until it is called again (see `inputs_told`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from seesaw.methods.core.placement import Place

Stack = Literal["inputs", "decoder"]
"""Whose tokens a linear reads: the model's inputs, or what the decoder of two stacks is given."""
TaskIds = Tensor | Sequence[int]
_OF_A_BATCH = ("task_ids", "masks", "losses", "asked", "without_graph", "collected")


def in_backward() -> bool:
    """Whether autograd is running, i.e. this forward is a recomputation by checkpointing."""
    if torch.compiler.is_compiling():  # which recomputes inside of its own graph
        return False
    return torch._C._current_graph_task_id() != -1


class RoutingState:
    """Task ids (batch,), padding masks (batch, length), and what the layers collected.

    `masks` holds one mask per stack, and `stack` says whose tokens the layer that now runs reads.
    `held` counts the open `routing` contexts, and `offered` are task ids on their way to a model
    that PEFT would keep them from. `losses` holds one auxiliary loss per adapted place, `asked`
    whether somebody wanted their sum, `without_graph` whether one of them has no gradient.

    While `record_usage` is on, `collected` holds per place the gate mass (batch, experts) of every
    call, summed over valid tokens; `attribute` adds it to the tables (tasks, experts) of `usage`.
    `told` holds, for every adapter that is told the task, whether it acts and how many tasks it
    knows.
    """

    def __init__(self) -> None:
        self._begin(None, {})
        self.stack: Stack = "inputs"
        self.held = 0
        self.offered: TaskIds | None = None
        self.record_usage = False
        self.usage: dict[Place, Tensor] = {}
        self.told: dict[str, tuple[Callable[[], bool], int]] = {}

    def _begin(self, task_ids: Tensor | None, masks: dict[Stack, Tensor | None]) -> None:
        """Forget the batch before."""
        self.task_ids, self.masks = task_ids, masks
        self.losses: list[Tensor] = []
        self.asked = self.without_graph = False
        self.collected: dict[Place, list[Tensor]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Without what belongs to one batch, whose tensors cannot be copied."""
        new = vars(RoutingState())
        return {**vars(self), **{name: new[name] for name in (*_OF_A_BATCH, "held", "offered")}}

    @property
    def collecting(self) -> bool:
        """False inside a recomputation, which must not collect anything twice."""
        return not in_backward()

    def add_loss(self, loss: Tensor) -> None:
        """Collect the auxiliary loss of one place.

        Raises:
            ValueError: it was collected without a graph, and now is computed again with one.
        """
        if self.collecting:
            self.losses.append(loss)
            self.without_graph |= not loss.requires_grad
        elif self.without_graph and loss.requires_grad:
            raise ValueError(
                "checkpointing that re-enters autograd drops the gradient of auxiliary losses; "
                "checkpoint with use_reentrant=False"
            )

    def auxiliary_loss(self) -> Tensor | float:
        """Sum of the losses collected since the state was set, 0.0 if there are none."""
        self.asked = True
        return torch.stack(self.losses).sum() if self.losses else 0.0

    def tasks(self, method: str) -> Tensor:
        """The task ids (batch,) for a method that routes on them.

        Raises:
            ValueError: they are not set.
        """
        if self.task_ids is None:
            raise ValueError(
                f"{method} routes on the task: pass task_ids (batch,) among the model's inputs "
                "(in a Trainer with remove_unused_columns=False, or the column is dropped), or "
                "hold methods.routing(model, task_ids) around forward and backward; the suite does "
                "for methods that declare told_task = True"
            )
        return self.task_ids

    def set(
        self,
        task_ids: TaskIds | None = None,
        mask: Tensor | None = None,
        decoder_mask: Tensor | None = None,
    ) -> None:
        """Begin a batch.

        Raises:
            ValueError: task ids are not whole numbers, not in a row, or out of range (the last is
                seen on a CPU only, a GPU would have to wait).
        """
        if task_ids is not None:
            task_ids = _as_ids(task_ids)
        if task_ids is not None and _can_be_looked_at(task_ids):
            bound = min((n for acts, n in self.told.values() if acts()), default=None)
            if bound is not None:
                wrong = task_ids[(task_ids < 0) | (task_ids >= bound)].tolist()
                if wrong:
                    raise ValueError(f"task ids {wrong} are not among 0 ... {bound - 1}")
        self._begin(task_ids, {"inputs": mask, "decoder": decoder_mask})

    def weights(self, x: Tensor) -> Tensor:
        """1 for every valid token of `x` (..., width), 0 for padding, flat (tokens,)."""
        valid = self.valid(x)
        if valid is None:
            return x.new_ones(x.shape[:-1].numel())
        return valid.flatten().to(x.dtype)

    def valid(self, x: Tensor) -> Tensor | None:
        """What of `x` (batch, length, width), or flattened (tokens, width), is no padding.

        None if nothing was said, or if `x` has one vector per example.

        Raises:
            ValueError: the mask describes other tokens.
        """
        mask = self.masks.get(self.stack)
        shape = x.shape[:-1]
        if mask is None or mask.shape == shape:
            return mask
        if len(shape) == 1 and mask.numel() == len(x):
            return mask.reshape(shape)
        if len(shape) == 1 and len(mask) == len(x):
            return None
        if len(shape) == 2 and len(mask) == len(x) and mask.shape[1] > shape[1]:
            return mask[:, -shape[1] :]  # the tokens before are in a cache
        raise ValueError(f"a mask {tuple(mask.shape)} does not describe tokens {tuple(shape)}")

    def by_example(self, x: Tensor) -> Tensor:
        """`x` (batch, length, width), also where a backbone has flattened its tokens.

        (batch, width) becomes (batch, 1, width).
        """
        if x.dim() == 2 and self.task_ids is not None and len(x) % len(self.task_ids) == 0:
            return x.unflatten(0, (len(self.task_ids), -1))
        return x

    def collect(self, place: Place, gates: Tensor) -> None:
        """Keep the mass by example of gates (batch, ..., experts) over the valid tokens."""
        by_example = gates.dim() > 2 and gates.shape[1] == 1
        valid = None if by_example else self.valid(gates)
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
    model: nn.Module,
    task_ids: TaskIds | None = None,
    mask: Tensor | None = None,
    decoder_mask: Tensor | None = None,
) -> Iterator[RoutingState]:
    """Set task ids (batch,) and padding masks (batch, length) around forward AND backward.

    Whatever the model is called with in between says nothing then, and its loss is left alone: the
    auxiliary one is the caller's to add. Harmless on models without routed layers. On exit the
    state is what it was: cleared, or that of a context around this one.

    Raises:
        ValueError: see `RoutingState.set`.

    Examples:
        >>> import torch
        >>> from peft import get_peft_model
        >>> from torch import nn
        >>> from seesaw.methods import MoLoRAConfig, routing
        >>> linears = nn.ModuleDict({"a": nn.Linear(8, 4)})
        >>> model = get_peft_model(linears, MoLoRAConfig(r=8, target_modules=["a"])).train()
        >>> x = torch.ones(2, 3, 8)
        >>> with routing(model, mask=torch.ones(2, 3)) as state:
        ...     loss = model.base_model.model["a"](x).square().mean() + state.auxiliary_loss()
        ...     loss.backward()
    """
    state = routing_state(model) or RoutingState()
    before = {name: getattr(state, name) for name in _OF_A_BATCH}
    state.set(task_ids, mask, decoder_mask)
    state.held += 1
    try:
        yield state
    finally:
        state.held -= 1
        if state.held:
            vars(state).update(before)
        else:
            state.set()


def _can_be_looked_at(ids: Tensor) -> bool:
    """Whether the numbers are there without waiting for a device, or breaking a graph."""
    return ids.device.type == "cpu" and not torch.compiler.is_compiling()


def _as_ids(task_ids: TaskIds) -> Tensor:
    """Task ids as a tensor (batch,) of int64.

    Raises:
        ValueError: they are not whole numbers, or not in a row.
    """
    ids = torch.as_tensor(task_ids)
    if ids.dim() != 1 or ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise ValueError(
            f"task_ids are {tuple(ids.shape)} of {ids.dtype}; they must be whole numbers (batch,)"
        )
    return ids.long()
