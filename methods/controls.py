"""Controls: what a mixture must beat before its routing can be said to help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.experts import ExpertsConfig
from seesaw.methods.core.gated import Gated, GatedConfig, PlainConfig
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import PAIR, Placement, Shapes
from seesaw.methods.core.state import RoutingState
from seesaw.methods.lora import LoRAConfig
from seesaw.methods.molora import MoLoRA, MoLoRAConfig
from seesaw.methods.registry import register


@dataclass
class PlainAtRankConfig(PlainConfig):
    """`lora_rank` where the update reads another module than it writes."""

    fixed_size = True


@register
@dataclass
class LoRAAtRankConfig(LoRAConfig):
    """PEFT's LoRA at a rank of its own, under the budget: a mixture's total or active rank."""

    name = "lora_rank"
    title = "LoRA at a given rank, below the budget"
    options: ClassVar[tuple[str, ...]] = ("r",)
    control = True
    fixed_size = True
    beside = PlainAtRankConfig

    def sizes(self) -> Iterator[Self]:
        """Only its own."""
        yield self


@register
@dataclass
class MoLoRAUniformConfig(ExpertsConfig):
    """MoLoRA without a router: every expert has the same weight for every token."""

    name = "molora_uniform"
    title = "MoLoRA with equal weights, no router"
    paper = "arXiv 2309.05444"
    control = True
    options: ClassVar[tuple[str, ...]] = ("r", "experts")
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, "experts")

    r: int = 64

    def mean_gate(self) -> float:
        """1 / E."""
        return 1.0 / self.experts

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        count = self.rank_at(place) * sum(shape)
        return Parameters(count, count)

    def build(self, place: str, d_in: int, d_out: int) -> Uniform:
        """See `GatedConfig.build`."""
        return Uniform(self, place, d_in, d_out)


class Uniform(Gated):
    """One place: the gate is 1 / E."""

    config: MoLoRAUniformConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """1 / E for every expert."""
        return x.new_full((*x.shape[:-1], self.config.experts), 1.0 / self.config.experts)


@register
@dataclass
class MoLoRARandomConfig(MoLoRAConfig):
    """MoLoRA whose router stays as it was drawn."""

    name = "molora_random"
    title = "MoLoRA with a frozen random router"
    control = True

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """As MoLoRA, but the router is not trained and so not counted; a token still reads it."""
        counts = super().place_parameters(place, shape, n_tasks)
        return Parameters(counts.experts, counts.active_experts, active_router=counts.active_router)

    def build(self, place: str, d_in: int, d_out: int) -> MoLoRARandom:
        """See `GatedConfig.build`."""
        return MoLoRARandom(self, place, d_in, d_out)


class MoLoRARandom(MoLoRA):
    """One place: the router is a buffer, saved with the adapter."""

    def __init__(self, config: MoLoRAConfig, place: str, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        assert self.router is not None
        drawn = self.router.detach()
        del self.router
        self.register_buffer("router", drawn)


@register
@dataclass
class LoRAPerTaskConfig(GatedConfig):
    """One LoRA per task, each with its share of the budget: MoLoRA with the task as its oracle.

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
    described: ClassVar[tuple[str, ...]] = (*GatedConfig.described, "n_tasks")

    r: int = 8

    def rank_step(self) -> int:
        """All tasks' adapters grow together."""
        return self.n_tasks

    def unit(self) -> float:
        """1 over the rank of one task's adapter."""
        return self.n_tasks / self.r

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """The rank stays if the tasks can share it out; else one rank per task."""
        rank = self.r if self.r % n_tasks == 0 else n_tasks
        return super().placed(placement, dropout, n_tasks).replaced(r=rank)

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), of which a token uses its task's share."""
        count = self.rank_at(place) * sum(shape)
        return Parameters(experts=count, active_experts=count // self.n_tasks)

    def build(self, place: str, d_in: int, d_out: int) -> PerTask:
        """See `GatedConfig.build`."""
        return PerTask(self, place, d_in, d_out)


@register
@dataclass
class LoRAPerTaskFullConfig(LoRAPerTaskConfig):
    """One LoRA per task, each with a whole budget: T times the parameters of the others."""

    name = "lora_per_task_full"
    title = "one LoRA per task, a whole budget each"

    def budget_share(self, n_tasks: int) -> int:
        """T."""
        return n_tasks


class PerTask(Gated):
    """One place: the gate is 1 on the block of the example's task."""

    config: LoRAPerTaskConfig

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        """One-hot over tasks, (batch, T)."""
        tasks = state.tasks(self.config.name)
        return F.one_hot(tasks, self.config.n_tasks).float()


@dataclass
class WithoutAdapter(MethodConfig):
    """Base of the controls that put nothing into the backbone."""

    placement: Placement = field(default_factory=lambda: Placement(".*"))
    r: int = 0
    rank_pattern: dict[str, int] | None = field(default_factory=dict)

    control = True
    has_adapter = False
    fixed_size = True
    described: ClassVar[tuple[str, ...]] = ("r", "rank_pattern")

    def resized(self, rank: int) -> Self:
        """It has one size."""
        return self

    def scaled(self, scale: float) -> Self:
        """It has no scale."""
        return self

    def with_ranks(self, ranks: Mapping[str, int]) -> Self:
        """It has no ranks."""
        return self

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """Remembers where the others act."""
        return self.replaced(placement=placement)

    def places(self, placement: Placement, linears: Shapes) -> Shapes:
        """The linears the others act on, or beside: both ends of a block."""
        names = [name for place in placement.shapes(linears) for name in place.split(PAIR)]
        return {name: linears[name] for name in dict.fromkeys(names)}


@register
@dataclass
class HeadOnlyConfig(WithoutAdapter):
    """Only the tasks' heads are trained."""

    name = "head_only"
    title = "heads on the frozen backbone"
    paper = ""

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """None."""
        return Parameters(0, 0)

    def adapt(self, model: nn.Module) -> nn.Module:
        """The frozen model as it is."""
        return model


@register
@dataclass
class FullConfig(WithoutAdapter):
    """The weights of the linears that others adapt are trained themselves.

    At a tenth of the learning rate: the best one for LoRA is about ten times that of full
    fine-tuning (Schulman et al., LoRA Without Regret, 2025).
    """

    name = "full"
    title = "full fine-tuning of the adapted linears"
    paper = ""
    learning_rate_factor = 0.1

    def budget_share(self, n_tasks: int) -> int:
        """As many as it takes: full fine-tuning is no entry under a budget."""
        return 10**6

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """d_in d_out."""
        count = shape[0] * shape[1]
        return Parameters(count, count)

    def adapt(self, model: nn.Module) -> nn.Module:
        """The model with these weights trainable."""
        linears = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear)}
        shapes = {name: (m.in_features, m.out_features) for name, m in linears.items()}
        for name in self.places(self.placement, shapes):
            linears[name].weight.requires_grad_(True)
        return model
