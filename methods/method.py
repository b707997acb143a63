"""What every method declares: who routes it, what it costs, which sizes it comes in."""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from peft import get_peft_model
from torch import nn

Shapes = Mapping[str, tuple[int, int]]
"""Adapted places by module name: (d_in, d_out) of the frozen linear."""


@dataclass(frozen=True)
class Parameters:
    """Trainable adapter parameters over all adapted places, and those one token uses.

    `active_experts` counts the expert parameters one token is multiplied with, `active_router` what
    every token reads to be routed: 0 where the gate is a table looked up by task.
    """

    experts: int
    active_experts: int
    router: int = 0
    active_router: int = 0
    task_embedding: int = 0

    @property
    def total(self) -> int:
        """Everything the budget counts."""
        return self.experts + self.router + self.task_embedding

    @property
    def active(self) -> int:
        """Parameters one token uses, router included."""
        return self.active_experts + self.active_router

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            *(getattr(self, f.name) + getattr(other, f.name) for f in dataclasses.fields(self))
        )


class MethodConfig(ABC):
    """A low-rank adapter architecture, as a mixin of its PEFT config.

    `routes_on` says what the gate depends on, `told_task` whether it needs the task's id, `merges`
    whether the adapter folds into the frozen weights, `options` which fields a user of the suite
    may set (the track fixes the others), `described` which fields a record keeps, and `sizing`
    which ones the budget solver chooses.

    A `control` is there to be compared with. It may have no adapter at all (`has_adapter`), a size
    of its own instead of the budget's (`fixed_size`), or another learning rate than the recipe's.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    routes_on: ClassVar[Literal["none", "task", "token", "instance"]] = "none"
    told_task: ClassVar[bool] = False
    merges: ClassVar[Literal["yes", "per task", "no"]] = "no"
    options: ClassVar[tuple[str, ...]] = ()
    described: ClassVar[tuple[str, ...]]
    sizing: ClassVar[tuple[str, ...]] = ("r",)
    control: ClassVar[bool] = False
    has_adapter: ClassVar[bool] = True
    fixed_size: ClassVar[bool] = False
    learning_rate_factor: ClassVar[float] = 1.0

    r: int
    rank_pattern: dict[str, int] | None

    @abstractmethod
    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """Closed form for one adapted linear of `shape` (d_in, d_out)."""

    def shared_parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """Closed form of what the whole model has once; nothing unless the method says other."""
        return Parameters(0, 0)

    def parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """Closed form over all adapted places; equals what is trained."""
        places = (self.place_parameters(p, s, n_tasks) for p, s in shapes.items())
        return sum(places, self.shared_parameters(shapes, n_tasks))

    def budget_share(self, n_tasks: int) -> int:
        """How many budgets it may fill; 1 for whatever is compared under one budget."""
        return 1

    def adapt(self, model: nn.Module) -> nn.Module:
        """`model` with the adapter in it, in the model's own precision (no copies in float32)."""
        config: Any = self
        adapted: nn.Module = get_peft_model(model, config, autocast_adapter_dtype=False)
        return adapted

    def rank_at(self, place: str) -> int:
        """Rank at one adapted place, by full module name."""
        return (self.rank_pattern or {}).get(place, self.r)

    def rank_step(self) -> int:
        """The smallest legal change of the rank at one place."""
        return 1

    def least_rank(self) -> int:
        """The smallest nominal rank that is still this method."""
        return self.rank_step()

    def sizes(self) -> Iterator[Self]:
        """Configs of growing nominal rank: the ladder the budget solver climbs."""
        return (self.resized(rank) for rank in itertools.count(self.least_rank(), self.rank_step()))

    def ladders(self) -> Iterator[Iterator[Self]]:
        """Ladders in order of preference; the solver climbs the first whose lowest rung fits."""
        yield self.sizes()

    @abstractmethod
    def resized(self, rank: int) -> Self:
        """This config at nominal rank `rank`, its number of experts and active share kept."""

    @abstractmethod
    def scaled(self, scale: float) -> Self:
        """This config with every active rank starting at the multiplier `scale`."""

    @abstractmethod
    def placed(self, adapted: str, dropout: float, n_tasks: int) -> Self:
        """This config on the linears whose names `adapted` matches, as a track asks for it."""

    def with_ranks(self, ranks: Mapping[str, int]) -> Self:
        """This config with its own rank at some places; the scale stays the nominal rank's."""
        return self.replaced(rank_pattern=dict(ranks))

    def replaced(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new config."""
        config: Any = self
        copy: Self = dataclasses.replace(config, **changes)
        return copy

    def describe(self) -> dict[str, Any]:
        """The resolved fields that say what is trained, ready for JSON."""
        return {name: getattr(self, name) for name in self.described}
