"""One LoRA per task: what a mixture would be if it told the tasks apart without fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch.nn.functional as F
from torch import Tensor

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place, Placement
from seesaw.methods.core.settings import setting
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class LoRAPerTaskConfig(GatedConfig):
    """One LoRA per task, each with its share of the budget.

    The adapters share no parameter and each sees only its own task's examples, so T of them trained
    together are T single-task runs.
    """

    name = "lora_per_task"
    title = "one LoRA per task, the budget shared out"
    paper = "arXiv 2106.09685"
    routes_on = "task"
    told_task = True
    merges = "per task"
    control = True

    r: int = setting(8, user=False, sized=True)
    n_tasks: int = setting(1, user=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        for rank in (self.r, *(self.rank_pattern or {}).values()):
            if rank % self.n_tasks:
                raise ValueError(f"n_tasks is {self.n_tasks}; it must divide the rank {rank}")

    def rank_step(self) -> int:
        """All tasks' adapters grow together."""
        return self.n_tasks

    def unit(self) -> float:
        """1 over the rank of one task's adapter."""
        return self.n_tasks / self.r

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """The rank stays if the tasks can share it out; else it is one rank per task."""
        rank = self.r if self.r % n_tasks == 0 else n_tasks
        shared_out = self.replaced(r=rank, n_tasks=n_tasks)
        return GatedConfig.placed(shared_out, placement, dropout, n_tasks)

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), of which a token uses its task's share."""
        return self.lora_parameters(place, shape, active=self.rank_at(place) // self.n_tasks)


class PerTask(Gated, config=LoRAPerTaskConfig):
    """One place: the gate is 1 on the block of the example's task."""

    config: LoRAPerTaskConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """One-hot over tasks, (batch, T)."""
        tasks = state.tasks(self.config.name)
        return F.one_hot(tasks, self.config.n_tasks).float()


@register
@dataclass
class LoRAPerTaskFullConfig(LoRAPerTaskConfig):
    """One LoRA per task, each with a whole budget: T times the parameters of the others."""

    name = "lora_per_task_full"
    title = "one LoRA per task, a whole budget each"

    def budget_share(self, n_tasks: int) -> int:
        """T."""
        return n_tasks
