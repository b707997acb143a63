"""Baselines without an adapter: only the heads trained, and the adapted linears themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from torch import nn

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Linears, Place, Placement, Shapes
from seesaw.methods.core.settings import setting
from seesaw.methods.registry import register


@dataclass
class WithoutAdapter(MethodConfig):
    """Base of the controls that put nothing into the backbone."""

    placement: Placement = setting(Placement(".*"), user=False, recorded=False)
    r: int = setting(0, user=False, sized=True)
    rank_pattern: dict[str, int] | None = setting({}, user=False)

    control = True
    has_adapter = False
    fixed_size = True

    def resized(self, rank: int) -> Self:
        """It has one size."""
        return self

    def scaled(self, scale: float) -> Self:
        """It has no scale."""
        return self

    def with_ranks(self, ranks: Mapping[Place, int]) -> Self:
        """It has no ranks."""
        return self

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """It remembers where the others act."""
        return self.replaced(placement=placement)

    def places(self, placement: Placement, linears: Linears) -> Shapes:
        """The linears the others act on, or beside: both ends of a block."""
        ends = [name for at in placement.shapes(linears) for name in (at.reads, at.writes)]
        return {Place.at(name): linears[name] for name in ends}


@register
@dataclass
class HeadOnlyConfig(WithoutAdapter):
    """Only the tasks' heads are trained."""

    name = "head_only"
    title = "heads on the frozen backbone"
    paper = ""

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """None."""
        return Parameters()

    def adapt(self, model: nn.Module) -> nn.Module:
        """The frozen model as it is."""
        return model


@register
@dataclass
class FullConfig(WithoutAdapter):
    """The weights of the linears that others adapt are trained themselves.

    At a tenth of the learning rate: the best one for LoRA is about ten times that of full
    fine-tuning (Schulman et al., LoRA Without Regret, 2025). It takes as many parameters as that
    needs, so it is no entry under a budget.
    """

    name = "full"
    title = "full fine-tuning of the adapted linears"
    paper = ""
    under_budget = False
    learning_rate_factor = 0.1

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """d_in d_out."""
        count = shape[0] * shape[1]
        return Parameters(count, count)

    def adapt(self, model: nn.Module) -> nn.Module:
        """The model with these weights trainable."""
        linears = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear)}
        shapes = {name: (m.in_features, m.out_features) for name, m in linears.items()}
        for place in self.places(self.placement, shapes):
            linears[place.writes].weight.requires_grad_(True)
        return model
