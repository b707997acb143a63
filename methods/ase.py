"""ASE, Adaptive Shared Experts (Yang et al., arXiv 2510.00570): shared experts share the softmax.

y = F(x) + s (sum_T g_i E_i(x) + sum_S gs_i Es_i(x)), E(x) = B A x: every task has its own token
router in every place; the k best sparse experts and all shared ones are normalised together. The
network's input gets a learnable task embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from seesaw.methods.core.expand import per_token
from seesaw.methods.core.experts import ExpertsConfig, scattered, top_k
from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.inputs import input_embedding, input_width
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Shapes
from seesaw.methods.core.state import RoutingState
from seesaw.methods.registry import register


@register
@dataclass
class ASEConfig(ExpertsConfig):
    """Config of ASE; the paper writes (experts / sparse / always / rank of an expert).

    Args:
        experts: N, shared ones included.
        sparse: k, experts that the top-k adds to the shared ones.
        always: S, shared experts; they stand last.
        weighting: "adaptive" (ASE), "naive" (shared experts weigh 1, the sparse ones keep their
            softmax over all sparse) or "none" (no shared ones: softmax over all, the k + S best
            kept as they are; the paper's baseline).
        mutual: coefficient of the mutual-information loss, per adapted place.
        input_embedding: whether the network's input gets a task embedding.
    """

    name = "ase"
    title = "ASE: shared experts normalised with the sparse ones"
    paper = "arXiv 2510.00570"
    routes_on = "token"
    told_task = True
    options: ClassVar[tuple[str, ...]] = (
        "r",
        "experts",
        "sparse",
        "always",
        "weighting",
        "mutual",
        "input_embedding",
    )
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, *options[1:])
    sizing: ClassVar[tuple[str, ...]] = ("r", "experts", "sparse", "always")

    r: int = 64
    alpha: float = 1.0
    experts: int = 16
    sparse: int = 3
    always: int = 1
    weighting: Literal["adaptive", "naive", "none"] = "adaptive"
    mutual: float = 0.005
    input_embedding: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weighting not in ("adaptive", "naive", "none"):
            raise ValueError(
                f"weighting is {self.weighting!r}; it must be 'adaptive', 'naive' or 'none'"
            )
        if not 0 <= self.always < self.experts:
            raise ValueError(f"always is {self.always}; it must be under experts = {self.experts}")
        if not 1 <= self.sparse <= self.experts - self.always:
            raise ValueError(
                f"sparse is {self.sparse}; it must be between 1 and the "
                f"{self.experts - self.always} experts that are not shared"
            )

    def unit(self) -> float:
        """No 1 / rank in the equations."""
        return 1.0

    def mean_gate(self) -> float:
        """1 / (k + S) where the active ones are normalised together."""
        active = self.sparse + self.always
        if self.weighting == "adaptive":
            return 1.0 / active
        if self.weighting == "none":
            return 1.0 / self.experts
        return (self.sparse / (self.experts - self.always) + self.always) / active

    def with_experts(self, experts: int) -> Self:
        """k / N stays, at least one; so do the shared ones."""
        scale = self.alpha * self.unit() * self.mean_gate()
        sparse = max(1, round(self.sparse / self.experts * experts))
        return self.replaced(
            experts=experts, sparse=sparse, r=experts * self.expert_rank, rank_pattern={}
        ).scaled(scale)

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out) + T N d_in; a token reads its task's router."""
        rank, (d_in, d_out) = self.rank_at(place), shape
        active = (self.sparse + self.always) * (rank // self.experts)
        return Parameters(
            experts=rank * (d_in + d_out),
            active_experts=active * (d_in + d_out),
            router=n_tasks * self.experts * d_in,
            active_router=self.experts * d_in,
        )

    def shared_parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """T d, with d the width of the network's input, which the first place reads."""
        width = next(iter(shapes.values()))[0] if self.input_embedding else 0
        return Parameters(0, 0, task_embedding=n_tasks * width)

    def build_shared(self, model: nn.Module) -> TaskInput | None:
        """The task embedding."""
        return TaskInput(self, model) if self.input_embedding else None

    def build(self, place: str, d_in: int, d_out: int) -> ASE:
        """See `GatedConfig.build`."""
        return ASE(self, place, d_in, d_out)


class TaskInput(nn.Module):
    """e_t, added to what the embeddings of the model give out; zero at the start."""

    def __init__(self, config: ASEConfig, model: Any) -> None:
        super().__init__()
        self.name = config.name
        self.task_embedding = nn.Parameter(torch.zeros(config.n_tasks, input_width(model)))

    def attach(self, model: Any, state: RoutingState, active: Callable[[], bool]) -> None:
        """Hook the embeddings of `model`; `active()` says whether the adapter is on."""
        # a partial, unlike a closure, is copied with the model
        hook = partial(self.add, state, active)
        input_embedding(model).register_forward_hook(hook)

    def add(
        self,
        state: RoutingState,
        active: Callable[[], bool],
        module: nn.Module,
        inputs: Any,
        output: Tensor,
    ) -> Tensor:
        """The hook: `output` (batch, ..., d) plus e_t.

        Several task ids per example make as many copies of the batch, one after the other.
        """
        if not active():
            return output
        own = self.task_embedding[state.tasks(self.name)]
        if len(own) > len(output):
            output = output.repeat(len(own) // len(output), *[1] * (output.ndim - 1))
        return output + per_token(own, output).to(output.dtype)


class ASE(Gated):
    """One place of ASE: `router_tasks` (T, N, d_in)."""

    config: ASEConfig

    def __init__(self, config: ASEConfig, place: str, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        self.router_tasks = nn.Parameter(torch.empty(config.n_tasks, config.experts, d_in))
        nn.init.normal_(self.router_tasks, std=0.01)  # zero would tie the top-k

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor]:
        """(D x, logits (..., N) of each example's own task)."""
        h, _ = super().project(x, state)
        tasks = state.tasks(self.config.name)
        tasks = tasks.repeat_interleave(x.shape[0] // len(tasks))
        own = x.to(h.dtype).reshape(x.shape[0], -1, x.shape[-1])
        logits: Tensor = _OwnRouter.apply(own, self.router_tasks.to(h.dtype), tasks)
        return h, logits.view(*x.shape[:-1], -1)

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """Gates (..., N) of the k best sparse experts and the shared ones."""
        assert logits is not None
        config = self.config
        first_shared = config.experts - config.always
        if config.weighting == "none":
            kept = top_k(logits, config.sparse + config.always)
            return scattered(torch.softmax(logits, dim=-1).gather(-1, kept), kept, logits)
        kept = top_k(logits[..., :first_shared], config.sparse)
        shared = torch.arange(first_shared, config.experts, device=kept.device)
        kept = torch.cat((kept, shared.expand(*kept.shape[:-1], -1)), dim=-1)
        if config.weighting == "adaptive":
            return scattered(torch.softmax(logits.gather(-1, kept), dim=-1), kept, logits)
        chances = torch.softmax(logits[..., :first_shared], dim=-1)
        weights = F.pad(chances, (0, config.always), value=1.0)
        return scattered(weights.gather(-1, kept), kept, logits)

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """-w I(task; expert) of the router's probabilities (Mod-Squad, arXiv 2212.08066)."""
        if not self.config.mutual or logits is None:
            return None
        tasks = state.tasks(self.config.name)
        weights = state.weights(logits).view(len(tasks), -1)
        chances = torch.softmax(logits, dim=-1).view(*weights.shape, -1)
        mass = (chances * weights.unsqueeze(-1)).sum(1)
        joint = mass.new_zeros(self.config.n_tasks, mass.shape[-1]).index_add(0, tasks, mass)
        joint = joint / joint.sum()
        apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
        present = joint > 0
        ratio = torch.where(present, joint / apart.clamp_min(1e-30), torch.ones_like(joint))
        return -self.config.mutual * (joint * ratio.log()).sum()


class _OwnRouter(torch.autograd.Function):
    """Logits (B, L, N) of x (B, L, d) by the router rows (T, N, d) of each example's task (B,).

    The rows gathered for the examples are not kept for backward: they would be B N d numbers.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, tasks: Tensor) -> Tensor:
        ctx.save_for_backward(x, rows, tasks)
        return torch.bmm(x, rows[tasks].transpose(1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, rows, tasks = ctx.saved_tensors
        by_example = torch.bmm(grad.transpose(1, 2), x).flatten(1)
        whose = F.one_hot(tasks, len(rows)).to(grad.dtype)
        return torch.bmm(grad, rows[tasks]), (whose.t() @ by_example).view(rows.shape), None
