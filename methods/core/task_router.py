"""Routers of the tasks' own: one set of router rows per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState


class TaskRouted(Gated):
    """A layer with a token router per task: `router_tasks` (T, N, d_in).

    Its config has `experts`, the N logits of a router.
    """

    config: Any
    roles: Mapping[str, Role] = {**Gated.roles, "router_tasks": "router"}

    def __init__(self, config: Any, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.router_tasks = nn.Parameter(torch.empty(config.n_tasks, config.experts, d_in))
        nn.init.normal_(self.router_tasks, std=0.01)  # zero would tie the top-k

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor]:
        """(D x, logits (..., N) of each example's own task)."""
        h, _ = super().project(x, state)
        rows = self.router_tasks.to(h.dtype)
        return h, own_logits(x, rows, state.tasks(self.config.name))


def own_logits(x: Tensor, rows: Tensor, tasks: Tensor) -> Tensor:
    """Logits (batch, ..., N) of each example's own task.

    The rows gathered for the examples are not kept for backward: they would be batch N d numbers.

    Args:
        x: inputs (beams * batch, ..., d).
        rows: of all tasks (T, N, d), in the precision of the product.
        tasks: ids (batch,).
    """
    tasks = tasks.repeat_interleave(x.shape[0] // len(tasks))
    own = x.to(rows.dtype).reshape(x.shape[0], -1, x.shape[-1])
    logits: Tensor = _OwnRouter.apply(own, rows, tasks)
    return logits.view(*x.shape[:-1], -1)


class _OwnRouter(torch.autograd.Function):
    """Logits (B, L, N) of x (B, L, d) by the router rows (T, N, d) of each example's task (B,)."""

    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def forward(x: Tensor, rows: Tensor, tasks: Tensor) -> Tensor:
        return torch.bmm(x, rows[tasks].transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, rows, tasks = ctx.saved_tensors
        by_example = torch.bmm(grad.transpose(1, 2), x).flatten(1)
        whose = F.one_hot(tasks, len(rows)).to(grad.dtype)
        return torch.bmm(grad, rows[tasks]), (whose.t() @ by_example).view(rows.shape), None
