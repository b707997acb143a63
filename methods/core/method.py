"""What every method declares: who routes it, what it costs, which sizes it comes in."""

from __future__ import annotations

import dataclasses
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, Self

from peft import get_peft_model
from peft.utils.other import get_pattern_key
from torch import nn

from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Linears, Place, Placement, Shapes
from seesaw.methods.core.settings import settings_of


class MethodConfig(ABC):
    """A low-rank adapter architecture, as a mixin of its PEFT config.

    `routes_on` says what the gate depends on, `told_task` whether it needs the task's id, and
    `merges` whether the adapter folds into the frozen weights. Its fields say by `setting` whether
    users may set them, records keep them and the budget solver sizes them.

    A `control` is there to be compared with. It may have no adapter at all (`has_adapter`), a size
    of its own instead of the budget's (`fixed_size`), no budget at all (`under_budget`), or another
    learning rate than the recipe's. `straight_through` names parameters whose gradient is an
    estimate, not the derivative.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    routes_on: ClassVar[Literal["none", "task", "token", "instance"]] = "none"
    told_task: ClassVar[bool] = False
    merges: ClassVar[Literal["yes", "per task", "no"]] = "no"
    control: ClassVar[bool] = False
    has_adapter: ClassVar[bool] = True
    fixed_size: ClassVar[bool] = False
    under_budget: ClassVar[bool] = True
    learning_rate_factor: ClassVar[float] = 1.0
    straight_through: ClassVar[tuple[str, ...]] = ()

    r: int
    rank_pattern: dict[str, int] | None

    @classmethod
    def user_settings(cls) -> tuple[str, ...]:
        """Fields a user of the suite may set; a track fixes the others."""
        return tuple(name for name, about in settings_of(cls).items() if about.user)

    @classmethod
    def tuned_settings(cls) -> Mapping[str, tuple[float, float]]:
        """Fields that are searched beside the learning rate, two at most, with their ranges."""
        found = settings_of(cls).items()
        return {name: about.tuned for name, about in found if about.tuned is not None}

    @classmethod
    def recorded_settings(cls) -> tuple[str, ...]:
        """Fields that say what is trained."""
        return tuple(name for name, about in settings_of(cls).items() if about.recorded)

    @classmethod
    def sized_settings(cls) -> tuple[str, ...]:
        """Fields the budget solver chooses."""
        return tuple(name for name, about in settings_of(cls).items() if about.sized)

    def describe(self) -> dict[str, Any]:
        """The resolved fields that say what is trained, in the words of records."""
        settings, fields = settings_of(type(self)), vars(type(self))["__dataclass_fields__"]
        found = {word: (name, getattr(self, name)) for word, name in _words(type(self)).items()}
        return {
            word: value
            for word, (name, value) in found.items()
            if not settings[name].later or value != fields[name].default
        }

    @classmethod
    def from_record(cls, config: Mapping[str, Any]) -> Self:
        """The config that `describe` told of; what a record does not name has its default.

        Raises:
            ValueError: the method knows no such word, or refuses a value.
        """
        words = _words(cls)
        unknown = sorted(set(config) - set(words))
        if unknown:
            raise ValueError(
                f"{cls.name} records no {', '.join(unknown)}; it records {', '.join(words)}"
            )
        made: Self = cls(**{words[word]: value for word, value in config.items()})
        return made

    @abstractmethod
    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """Closed form for one adapted linear of `shape` (d_in, d_out)."""

    def shared_parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """Closed form of what the whole model has once, which for most methods is nothing."""
        return Parameters()

    def parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """Closed form over all adapted places; equals what is trained."""
        own = self.own_places(shapes)
        places = (self.place_parameters(p, s, n_tasks) for p, s in own.items())
        return sum(places, self.shared_parameters(own, n_tasks))

    def places(self, placement: Placement, linears: Linears) -> Shapes:
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

    def rank_at(self, place: Place) -> int:
        """Rank at one adapted place; patterns name the linear it writes, as PEFT's do."""
        pattern = self.rank_pattern or {}
        if place.writes in pattern or not pattern:
            return pattern.get(place.writes, self.r)
        return pattern.get(get_pattern_key(list(pattern), place.writes), self.r)

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

    def with_ranks(self, ranks: Mapping[Place, int]) -> Self:
        """This config with its own rank at some places; the scale stays the nominal rank's."""
        return self.replaced(rank_pattern={place.writes: r for place, r in ranks.items()})

    def replaced(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked like a new config."""
        config: Any = self
        copy: Self = dataclasses.replace(config, **changes)
        return copy


def _words(method: type[MethodConfig]) -> dict[str, str]:
    """Recorded fields by their words in records."""
    settings = settings_of(method)
    return {settings[name].recorded_as or name: name for name in method.recorded_settings()}
