"""MoRE (Zhang et al., arXiv 2505.22694): nested experts, one rank per task and adapted linear.

y = W0 x + (alpha / R) B[:, :r_t] D_B D_A A[:r_t] x: expert r is the first r ranks of one LoRA. A
task embedding per adapted linear picks r_t; a straight-through estimate trains the choice, and a
contrastive loss ties the embeddings to what the layer sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.gated import Gated, GatedConfig, in_full
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register

TEMPERATURE = 0.05
"""Of the contrastive loss (code)."""


@register
@dataclass
class MoREConfig(GatedConfig):
    """Config of MoRE.

    Args:
        r: R, the largest rank; every rank from 1 to R is an expert.
        scaling: weight of rank i: "both" puts i / R on A and on B (code), "task" r_t / T on all of
            them (as the paper is summarised), "off" neither.
        contrastive: coefficient of the contrastive loss, averaged over adapted linears.
        pooling: what the contrastive loss compares: the "first" token (code) or the masked "mean",
            for models whose first token means nothing.
    """

    name = "more"
    title = "MoRE: nested ranks, one per task and layer"
    paper = "arXiv 2505.22694"
    routes_on = "task"
    told_task = True
    merges = "per task"
    options: ClassVar[tuple[str, ...]] = ("r", "scaling", "contrastive", "pooling")
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, *options[1:])
    straight_through = ("task_embedding", "router_weight", "router_bias")

    r: int = 8
    alpha: float = 32.0
    scaling: Literal["both", "task", "off"] = "both"
    contrastive: float = 0.1
    pooling: Literal["first", "mean"] = "first"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scaling not in ("both", "task", "off"):
            raise ValueError(f"scaling is {self.scaling!r}; it must be 'both', 'task' or 'off'")
        if self.pooling not in ("first", "mean"):
            raise ValueError(f"pooling is {self.pooling!r}; it must be 'first' or 'mean'")

    def mean_gate(self) -> float:
        """Mean weight of a rank if all R are used; over ranks equally likely for "task"."""
        if self.scaling == "both":
            return (self.r + 1) * (2 * self.r + 1) / (6 * self.r**2)
        return (self.r + 1) / (2 * self.n_tasks) if self.scaling == "task" else 1.0

    def least_rank(self) -> int:
        """Two nested experts."""
        return 2

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """R (d_in + d_out) + T d_in + R d_in + R; up to R ranks active, the choice is a table."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        count = rank * (d_in + d_out)
        return Parameters(
            experts=count,
            active_experts=count,
            router=rank * d_in + rank,
            task_embedding=n_tasks * d_in,
        )

    def build(self, place: str, d_in: int, d_out: int) -> MoRE:
        """See `GatedConfig.build`."""
        return MoRE(self, place, d_in, d_out)


class MoRE(Gated):
    """One place: `task_embedding` (T, d_in), `router_weight` (R, d_in), `router_bias` (R,)."""

    config: MoREConfig

    def __init__(self, config: MoREConfig, place: str, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.task_embedding = nn.Parameter(torch.empty(config.n_tasks, d_in))
        nn.init.normal_(self.task_embedding, std=0.01)
        self.router_weight = nn.Parameter(torch.empty(self.rank, d_in))
        nn.init.kaiming_uniform_(self.router_weight, nonlinearity="relu")
        self.router_bias = nn.Parameter(torch.empty(self.rank))
        nn.init.uniform_(self.router_bias, -(d_in**-0.5), d_in**-0.5)  # as nn.Linear draws it

    def ranks(self) -> Tensor:
        """The rank every task uses here, (T,)."""
        return 1 + self.choices().argmax(-1)

    def choices(self) -> Tensor:
        """p = softmax(Wg e_t + bg) for every task, (T, R)."""
        logits = F.linear(self.task_embedding, self.router_weight, self.router_bias)
        return torch.softmax(in_full(logits), dim=-1)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """1 on the first r_t ranks, times the scaling; the estimate's value is 1."""
        tasks = state.tasks(self.config.name)
        chances = self.choices()
        chosen = chances.argmax(-1)
        through = chances.gather(-1, chosen.unsqueeze(-1))
        through = through - through.detach() + 1.0
        position = torch.arange(1, self.rank + 1, device=x.device)
        prefix = position <= chosen.unsqueeze(-1) + 1
        return (through * prefix * self.scaling(position, chosen))[tasks]

    def scaling(self, position: Tensor, chosen: Tensor) -> Tensor | float:
        """Weight of every rank, (R,) or (T, 1)."""
        if self.config.scaling == "both":
            return (position / self.rank).square()
        if self.config.scaling == "task":
            return (chosen.unsqueeze(-1) + 1) / self.config.n_tasks
        return 1.0

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """Cross-entropy of the task given the cosine of pooled input and task embeddings."""
        if not self.config.contrastive:
            return None
        tasks = state.tasks(self.config.name)
        pooled = F.normalize(in_full(self.pool(x, state)), dim=-1)
        cosines = pooled @ F.normalize(in_full(self.task_embedding), dim=-1).t()
        loss = F.cross_entropy(cosines / TEMPERATURE, tasks)
        return self.config.contrastive / max(1, state.places) * loss

    def pool(self, x: Tensor, state: RoutingState) -> Tensor:
        """One vector per example (batch, d_in)."""
        if x.dim() == 2:
            return x
        if self.config.pooling == "first":
            return x[:, 0]
        weights = state.weights(x).view(x.shape[:-1]).unsqueeze(-1)
        return (x * weights).sum(1) / weights.sum(1)
