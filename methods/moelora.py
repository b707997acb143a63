"""MOELoRA (Liu et al., arXiv 2310.18339): one LoRA split into experts, mixed by the task alone.

y = W0 x + (alpha / r) sum_e w_te B_e A_e x with w_t = softmax(G e_t). The task embedding and the
gate G are one copy for the whole model, as the authors state; experts are per adapted linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.experts import ExpertsConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Place, Shapes
from seesaw.methods.core.precision import in_full
from seesaw.methods.core.settings import setting
from seesaw.methods.core.shared import Shared
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class MOELoRAConfig(ExpertsConfig):
    """Config of MOELoRA.

    Args:
        embedding: width of the task embedding.
        per_layer: an embedding and a gate in every adapted linear instead of one for all (the
            variant of the authors' code that is not the paper's).
    """

    name = "moelora"
    title = "MOELoRA: experts mixed by a task embedding"
    paper = "arXiv 2310.18339"
    routes_on = "task"
    told_task = True
    merges = "per task"

    r: int = 16
    alpha: float = 32.0
    embedding: int = setting(64)
    per_layer: bool = setting(False)

    def unit(self) -> float:
        """1 / r with the total rank, as in the code."""
        return 1.0 / self.r

    def mean_gate(self) -> float:
        """1 / E."""
        return 1.0 / self.experts

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), dense; the gate is counted once."""
        own = self._gate_parameters(n_tasks) if self.per_layer else Parameters()
        return self.lora_parameters(place, shape) + own

    def shared_parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """T d_e + E d_e (the code has a row of padding more)."""
        return Parameters() if self.per_layer else self._gate_parameters(n_tasks)

    def _gate_parameters(self, n_tasks: int) -> Parameters:
        width = self.embedding
        return Parameters(router=self.experts * width, task_embedding=n_tasks * width)

    def build_shared(self, model: nn.Module) -> TaskGate | None:
        """One gate for the whole model."""
        return None if self.per_layer else TaskGate(self)


class TaskGate(Shared):
    """w_t = softmax(G e_t): (tasks, experts) from the task embedding."""

    roles: Mapping[str, Role] = {
        "task_embedding.weight": "task_embedding",
        "router.weight": "router",
    }

    def __init__(self, config: MOELoRAConfig) -> None:
        super().__init__()
        self.task_embedding = nn.Embedding(config.n_tasks, config.embedding)
        self.router = nn.Linear(config.embedding, config.experts, bias=False)

    def forward(self, tasks: Tensor) -> Tensor:
        """Gates (batch, experts) of task ids (batch,)."""
        return F.softmax(in_full(self.router(self.task_embedding(tasks))), dim=-1)


class MOELoRA(Gated, config=MOELoRAConfig):
    """One place of MOELoRA."""

    config: MOELoRAConfig

    def __init__(self, config: MOELoRAConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        if config.per_layer:
            self.shared = TaskGate(config)

    def reset_parameters(self) -> None:
        """A ~ N(0, 0.01^2), B zero, as in the code."""
        nn.init.normal_(self.down, std=0.01)
        nn.init.zeros_(self.up)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """The task's weights, the same in every layer."""
        tasks = state.tasks(self.config.name)
        gates: Tensor = self.shared(tasks)
        return gates
