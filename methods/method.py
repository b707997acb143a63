"""What every method declares: who routes it, what it costs, which sizes it comes in."""

from __future__ import annotations

import dataclasses
import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

from peft import get_peft_model
from torch import nn

Shapes = Mapping[str, tuple[int, int]]
"""Adapted places by name: (d_in, d_out) of what is read and of what is written."""
PAIR = " -> "
"""Stands in the name of a place that reads one linear's input and adds to another's output."""


@dataclass(frozen=True)
class Placement:
    r"""Which linears of a backbone are adapted, and what an update beside one reads.

    Args:
        linears: regular expression, matched in full on module names.
        reads: where an update reads another input than its linear's: expressions over the names of
            adapted linears, each with a template for the linear whose input is read instead.
            `{r"(.*mlp)\.fc2": r"\1.fc1"}` puts the update beside the whole feed-forward block.
        backbone_rank: rank of a plain LoRA at every linear; then the method's own updates stand
            only where `reads` says so. ASE's paper form has 4.
    """

    linears: str
    reads: Mapping[str, str] = field(default_factory=dict)
    backbone_rank: int = 0

    def __post_init__(self) -> None:
        if self.backbone_rank and not self.reads:
            raise ValueError(
                f"backbone_rank is {self.backbone_rank} and reads is empty: the method would have "
                "no place; name the pairs in reads"
            )

    def shapes(self, linears: Shapes) -> dict[str, tuple[int, int]]:
        """Adapted places among all `linears` of a model.

        Raises:
            ValueError: nothing matches, or what a pair reads is not there.
        """
        places: dict[str, tuple[int, int]] = {}
        for name, (d_in, d_out) in linears.items():
            if not re.fullmatch(self.linears, name):
                continue
            read = read_name(name, self.reads)
            if read is None or self.backbone_rank:
                places[name] = d_in, d_out
            if read is not None:
                if read not in linears:
                    raise ValueError(f"reads: {name} shall read {read}, which is no linear layer")
                places[read + PAIR + name] = linears[read][0], d_out
        if not places:
            raise ValueError(f"linears = {self.linears!r} matches no linear layer of the backbone")
        return places


def written(place: str) -> str:
    """The linear that the update at `place` adds to."""
    return place.rpartition(PAIR)[2]


def read_name(linear: str, reads: Mapping[str, str]) -> str | None:
    """The linear whose input an update beside `linear` reads, if that is not `linear` itself."""
    for pattern, template in reads.items():
        match = re.fullmatch(pattern, linear)
        if match:
            return match.expand(template)
    return None


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
