"""ASE, Adaptive Shared Experts (Yang et al., arXiv 2510.00570): shared experts share the softmax.

y = F(x) + s (sum_T g_i E_i(x) + sum_S gs_i Es_i(x)), E(x) = B A x: every task has its own token
router in every place; the k best sparse experts and all shared ones are normalised together. The
network's input gets a learnable task embedding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from seesaw.methods.core.experts import ExpertsConfig, scattered, top_k
from seesaw.methods.core.inputs import TaskInputConfig
from seesaw.methods.core.losses import task_information
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.core.task_router import TaskRouted
from seesaw.methods.registry import register


@register
@dataclass
class ASEConfig(TaskInputConfig, ExpertsConfig):
    """Config of ASE; the paper writes (experts / sparse / shared / rank of an expert).

    Args:
        experts: N, shared ones included.
        sparse: k, experts that the top-k adds to the shared ones.
        shared: S, shared experts, which are always active; they stand last.
        weighting: "adaptive" (ASE), "naive" (shared experts weigh 1, the sparse ones keep their
            softmax over all sparse) or "none" (no shared ones: softmax over all, the k + S best
            kept as they are; the paper's baseline).
        mutual: coefficient of the mutual-information loss, per adapted place.
        smoothing: of that loss, see `task_information`; Mod-Squad's code has 1e-4.
        input_embedding: whether the network's input gets a task embedding.
    """

    name = "ase"
    title = "ASE: shared experts normalised with the sparse ones"
    paper = "arXiv 2510.00570"
    routes_on = "token"
    told_task = True

    r: int = 64
    alpha: float = 1.0
    experts: int = 16
    sparse: int = setting(3, sized=True)
    shared: int = setting(1, sized=True, recorded_as="always")
    weighting: Literal["adaptive", "naive", "none"] = setting("adaptive")
    mutual: float = setting(0.005, tuned=(5e-4, 5e-2))
    input_embedding: bool = setting(True)
    smoothing: float = setting(0.0, later=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        own = self.experts - self.shared
        if not 0 <= self.shared < self.experts:
            raise ValueError(f"shared is {self.shared}; it must be under experts = {self.experts}")
        if not 1 <= self.sparse <= own:
            wrong = f"sparse is {self.sparse}; it must be between 1 and the {own} experts"
            raise ValueError(f"{wrong} that are not shared")

    def unit(self) -> float:
        """No 1 / rank in the equations."""
        return 1.0

    def mean_gate(self) -> float:
        """1 / (k + S) where the active ones are normalised together."""
        active = self.sparse + self.shared
        if self.weighting == "adaptive":
            return 1.0 / active
        if self.weighting == "none":
            return 1.0 / self.experts
        return (self.sparse / (self.experts - self.shared) + self.shared) / active

    def with_experts(self, experts: int, **active: Any) -> Self:
        """k / N stays, at least one; so do the shared ones."""
        sparse = max(1, round(self.sparse / self.experts * experts))
        return super().with_experts(experts, sparse=sparse, **active)

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + T N d_in; a token reads its task's router."""
        active = (self.sparse + self.shared) * (self.rank_at(place) // self.experts)
        router = self.experts * shape[0]
        routed = Parameters(router=n_tasks * router, active_router=router)
        return self.lora_parameters(place, shape, active) + routed


class ASE(TaskRouted, config=ASEConfig):
    """One place of ASE."""

    config: ASEConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Gates (..., N) of the k best sparse experts and the shared ones."""
        assert logits is not None
        config, first_shared = self.config, self.config.experts - self.config.shared
        if config.weighting == "none":
            kept = top_k(logits, config.sparse + config.shared)
            return scattered(torch.softmax(logits, dim=-1).gather(-1, kept), kept, logits)
        kept = top_k(logits[..., :first_shared], config.sparse)
        shared = torch.arange(first_shared, config.experts, device=kept.device)
        kept = torch.cat((kept, shared.expand(*kept.shape[:-1], -1)), dim=-1)
        if config.weighting == "adaptive":
            return scattered(torch.softmax(logits.gather(-1, kept), dim=-1), kept, logits)
        chances = torch.softmax(logits[..., :first_shared], dim=-1)
        weights = F.pad(chances, (0, config.shared), value=1.0)
        return scattered(weights.gather(-1, kept), kept, logits)

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """-w I(task; expert)."""
        if not self.config.mutual or logits is None:
            return None
        config, tasks = self.config, state.tasks(self.config.name)
        return -config.mutual * task_information(
            logits, tasks, config.n_tasks, state, config.smoothing
        )
