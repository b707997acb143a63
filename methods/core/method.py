"""What every method declares: who routes it, what it costs, which sizes it comes in."""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from peft import get_peft_model
from torch import nn

from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Placement, Shapes, written


class MethodConfig(ABC):
    """A low-rank adapter architecture, as a mixin of its PEFT config.

    `routes_on` says what the gate depends on, `told_task` whether it needs the task's id, `merges`
    whether the adapter folds into the frozen weights, `options` which fields a user of the suite
    may set (the track fixes the others), `described` which fields a record keeps, and `sizing`
    which ones the budget solver chooses.

    A `control` is there to be compared with. It may have no adapter at all (`has_adapter`), a size
    of its own instead of the budget's (`fixed_size`), or another learning rate than the recipe's.
    `straight_through` names parameters whose gradient is an estimate, not the derivative.
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
    straight_through: ClassVar[tuple[str, ...]] = ()

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
        own = self.own_places(shapes)
        places = (self.place_parameters(p, s, n_tasks) for p, s in own.items())
        return sum(places, self.shared_parameters(own, n_tasks))

    def places(self, placement: Placement, linears: Shapes) -> Shapes:
        """Where it acts among the `linears` of a model.

        Raises:
            ValueError: see `Placement.shapes`.
        """
        return placement.shapes(linears)

    def own_places(self, shapes: Shapes) -> Shapes:
        """The places with an update of the method's own, all but a plain LoRA beside it."""
        return shapes

    def budget_share(self, n_tasks: int) -> int:
        """How many budgets it may fill; 1 for whatever is compared under one budget."""
        return 1

    def adapt(self, model: nn.Module) -> nn.Module:
        """`model` with the adapter in it, in the model's own precision (no copies in float32)."""
        config: Any = self
        adapted: nn.Module = get_peft_model(model, config, autocast_adapter_dtype=False)
        return adapted

    def rank_at(self, place: str) -> int:
        """Rank at one adapted place; patterns name the linear it writes, as PEFT's do."""
        return (self.rank_pattern or {}).get(written(place), self.r)

    @property
    def total_rank(self) -> int:
        """Rank of all experts together at the nominal rank."""
        return self.r

    def at_total_rank(self, rank: int) -> Self:
        """This config at the nominal rank whose total rank is `rank`.

        Raises:
            ValueError: there is none.
        """
        own = self.resized(rank * self.r // self.total_rank)
        if own.total_rank != rank:
            raise ValueError(f"{self.name} has no size of total rank {rank}")
        return own

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
    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """This config where a track wants it."""

    def with_ranks(self, ranks: Mapping[str, int]) -> Self:
        """This config with its own rank at some places; the scale stays the nominal rank's."""
        return self.replaced(rank_pattern={written(place): r for place, r in ranks.items()})

    def replaced(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new config."""
        config: Any = self
        copy: Self = dataclasses.replace(config, **changes)
        return copy

    def describe(self) -> dict[str, Any]:
        """The resolved fields that say what is trained, ready for JSON."""
        return {name: getattr(self, name) for name in self.described}
