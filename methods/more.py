"""MoRE (Zhang et al., arXiv 2505.22694): nested experts, one rank per task and adapted linear.

y = W0 x + (alpha / R) B[:, :r_t] D_B D_A A[:r_t] x: expert r is the first r ranks of one LoRA. A
task embedding per adapted linear picks r_t, trained by a straight-through estimate and tied to what
the layer sees by a contrastive loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.losses import contrastive_loss, pool
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.precision import in_full
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class MoREConfig(GatedConfig):
    """Config of MoRE.

    Args:
        r: R, the largest rank; every rank from 1 to R is an expert.
        scaling: weight of rank i: "both" puts i / R on A and on B (code), "task" r_t / T on all of
            them (as the paper is summarised), "off" neither.
        contrastive: coefficient of the contrastive loss, averaged over adapted linears.
        pooling: what that loss reads: the "first" token (code) or the "mean" of all valid ones.
    """

    name = "more"
    title = "MoRE: nested ranks, one per task and layer"
    paper = "arXiv 2505.22694"
    routes_on = "task"
    told_task = True
    merges = "per task"
    straight_through = ("task_embedding", "router_weight", "router_bias")

    r: int = 8
    alpha: float = 32.0
    scaling: Literal["both", "task", "off"] = setting("both")
    contrastive: float = setting(0.1, tuned=(1e-2, 1.0))
    pooling: Literal["first", "mean"] = setting("first")

    def mean_gate(self) -> float:
        """Mean weight of a rank if all R are used; over ranks equally likely for "task"."""
        if self.scaling == "both":
            return (self.r + 1) * (2 * self.r + 1) / (6 * self.r**2)
        return (self.r + 1) / (2 * self.n_tasks) if self.scaling == "task" else 1.0

    def least_rank(self) -> int:
        """Two nested experts."""
        return 2

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """R (d_in + d_out) + T d_in + R d_in + R; up to R ranks active, the choice is a table."""
        rank, d_in = self.rank_at(place), shape[0]
        choice = Parameters(router=rank * d_in + rank, task_embedding=n_tasks * d_in)
        return self.lora_parameters(place, shape) + choice


class MoRE(Gated, config=MoREConfig):
    """One place: `task_embedding` (T, d_in), `router_weight` (R, d_in), `router_bias` (R,)."""

    config: MoREConfig
    roles: Mapping[str, Role] = {
        **Gated.roles,
        "task_embedding": "task_embedding",
        "router_weight": "router",
        "router_bias": "router",
    }

    def __init__(self, config: MoREConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.task_embedding = nn.Parameter(torch.empty(config.n_tasks, d_in))
        nn.init.normal_(self.task_embedding, std=0.01)
        self.router_weight = nn.Parameter(torch.empty(self.rank, d_in))
        nn.init.kaiming_uniform_(self.router_weight, nonlinearity="relu")
        self.router_bias = nn.Parameter(torch.empty(self.rank))
        nn.init.uniform_(self.router_bias, -(d_in**-0.5), d_in**-0.5)  # as nn.Linear draws it

    def choices(self) -> Tensor:
        """p = softmax(Wg e_t + bg) for every task, (T, R)."""
        logits = F.linear(self.task_embedding, self.router_weight, self.router_bias)
        return torch.softmax(in_full(logits), dim=-1)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """1 on the first r_t ranks, times the scaling; the estimate's value is 1."""
        chances = self.choices()
        ranks = 1 + chances.argmax(-1, keepdim=True)
        through = chances.gather(-1, ranks - 1)
        through = through - through.detach() + 1.0
        position = torch.arange(1, self.rank + 1, device=x.device)
        gates = through * (position <= ranks) * self.scaling(position, ranks)
        return gates[state.tasks(self.config.name)]

    def scaling(self, position: Tensor, ranks: Tensor) -> Tensor | float:
        """Weight of every rank, (R,) or (T, 1)."""
        if self.config.scaling == "both":
            return (position / self.rank).square()
        return ranks / self.config.n_tasks if self.config.scaling == "task" else 1.0

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """The contrastive loss, averaged over places."""
        if not self.config.contrastive:
            return None
        pooled, tasks = pool(x, self.config.pooling, state), state.tasks(self.config.name)
        share = self.config.contrastive / self.places
        return share * contrastive_loss(pooled, self.task_embedding, tasks)
