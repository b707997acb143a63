"""The config of every method that is built on the gated primitive."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from peft import PeftConfig
from torch import nn

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place, Placement, Shapes
from seesaw.methods.core.settings import check_choices, setting

if TYPE_CHECKING:  # layers know their configs, so this would be a circle
    from seesaw.methods.core.gated import Gated
    from seesaw.methods.core.shared import Shared


_NOT_OURS = "why not"
"""In the metadata of a field of PEFT's configs that has only its default here: the reason."""


@dataclass
class GatedConfig(PeftConfig, MethodConfig):
    """What every gated method configures; ranks and places as in PEFT's `LoraConfig`.

    Args:
        r: nominal total rank, over all experts of one adapted linear.
        alpha: numerator of the scale; each method says what it is divided by.
        dropout: on the adapter's input, router included.
        target_modules: suffixes, one regular expression, or "all-linear".
        rank_pattern: rank at single places, by module name or its end, as PEFT's patterns.
        init_weights: whether the update starts as zero; False draws `up` too, for tests.
        n_tasks: how many tasks there are, for methods that are told the task.
        task_names: what the tasks are called, in the order of their ids; for whoever loads it.
        reads: as in `Placement`.
        backbone_rank: as in `Placement`.

    Raises:
        ValueError: a field has a value that means nothing; the message names both.
    """

    r: int = setting(8, sized=True, help="total rank")
    alpha: float = setting(16.0, user=False, help="numerator of the scale")
    dropout: float = setting(0.0, user=False, help="dropout on the adapter's input")
    target_modules: list[str] | str | None = None
    exclude_modules: list[str] | str | None = None
    layers_to_transform: list[int] | int | None = None
    layers_pattern: list[str] | str | None = None
    modules_to_save: list[str] | None = None
    rank_pattern: dict[str, int] | None = setting({}, user=False, help="rank at single places")
    n_tasks: int = 1
    task_names: list[str] = field(default_factory=list)
    reads: dict[str, str] = field(default_factory=dict)
    backbone_rank: int = 0
    init_weights: bool = True
    use_rslora: bool = field(
        default=False, metadata={_NOT_OURS: "set alpha, which each method says what it divides by"}
    )
    alpha_pattern: dict[str, float] = field(
        default_factory=dict, metadata={_NOT_OURS: "a method has one scale for all places"}
    )
    bias: str = field(default="none", metadata={_NOT_OURS: "the backbone stays frozen"})
    target_parameters: list[str] | None = field(
        default=None, metadata={_NOT_OURS: "it adapts linear layers"}
    )

    peft_name: ClassVar[str]
    """PEFT's key for the method; set when the method is registered."""
    layer: ClassVar[type[nn.Module] | None] = None
    """The trainable part at one place; a `Gated` layer that declares this config sets it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type: Any = self.peft_name
        if isinstance(self.target_modules, list):
            self.target_modules = sorted(set(self.target_modules))
        self._check_places()
        for one in dataclasses.fields(self):
            why = one.metadata.get(_NOT_OURS)
            value = getattr(self, one.name)
            if why and value and value != one.default:
                raise ValueError(f"{one.name} is {value!r}, which is not for {self.name}: {why}")
        if self.r < 1:
            raise ValueError(f"r is {self.r}; the rank must be at least 1")
        if self.n_tasks < 1:
            raise ValueError(f"n_tasks is {self.n_tasks}; it must be at least 1")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout is {self.dropout}; it must be in [0, 1)")
        check_choices(self)

    def _check_places(self) -> None:
        """Refuse what PEFT's LoRA refuses.

        Raises:
            ValueError: a selection of layers that would be left out in silence.
        """
        for name in ("layers_to_transform", "layers_pattern"):
            if isinstance(self.target_modules, str) and getattr(self, name) is not None:
                raise ValueError(f"{name} does not go with target_modules as one expression")
        if self.layers_pattern and self.layers_to_transform is None:
            raise ValueError("layers_pattern needs layers_to_transform")

    def unit(self) -> float:
        """The scale of the update at alpha = 1; 1 / r, as LoRA's, for most methods."""
        return 1.0 / self.r

    def mean_gate(self) -> float:
        """Gate of an active rank before anything is learnt."""
        return 1.0

    @property
    def scale(self) -> float:
        """What an active rank is multiplied with at the start: this is what tracks fix."""
        return self.alpha * self.unit() * self.mean_gate()

    def scaled(self, scale: float) -> Self:
        """alpha is what gives that scale."""
        return self.replaced(alpha=scale / (self.unit() * self.mean_gate()))

    def down_rank(self, rank: int) -> int:
        """Rows of D at a place of rank `rank`."""
        return rank

    def up_rank(self, rank: int) -> int:
        """Columns of U at a place of rank `rank`."""
        return rank

    def router_rows(self, rank: int) -> int:
        """Rows of the token router at a place of rank `rank`; 0 for methods without one."""
        return 0

    @property
    def total_rank(self) -> int:
        """Columns of U at the nominal rank."""
        return self.up_rank(self.r)

    def resized(self, rank: int) -> Self:
        """The scale of an active rank stays."""
        return self.replaced(r=rank, rank_pattern={}).scaled(self.scale)

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """The config keeps what the placement says, so that PEFT saves it too."""
        return self.replaced(
            target_modules=placement.linears,
            reads=dict(placement.reads),
            backbone_rank=placement.backbone_rank,
            dropout=dropout,
            n_tasks=n_tasks,
        )

    def own_places(self, shapes: Shapes) -> Shapes:
        """Where the backbone has a plain LoRA besides, only the places beside blocks."""
        if not self.backbone_rank:
            return shapes
        return {place: shape for place, shape in shapes.items() if place.beside}

    def parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """Over all adapted places; the plain LoRA on the backbone counts among experts."""
        inputs_and_outputs = sum(sum(s) for place, s in shapes.items() if not place.beside)
        plain = self.backbone_rank * inputs_and_outputs
        return super().parameters(shapes, n_tasks) + Parameters(plain, plain)

    def lora_parameters(
        self, place: Place, shape: tuple[int, int], active: int | None = None
    ) -> Parameters:
        """The r (d_in + d_out) of a LoRA, of which a token uses `active` ranks, or all."""
        rank, both = self.rank_at(place), sum(shape)
        return Parameters(rank * both, (rank if active is None else active) * both)

    def build_shared(self, model: nn.Module) -> Shared | None:
        """What the whole of `model` has once; None for most methods."""
        return None

    def build(self, place: Place, d_in: int, d_out: int) -> Gated:
        """The trainable part at one place.

        Raises:
            TypeError: no layer declares this config.
        """
        if self.layer is None:
            own = type(self).__name__
            raise TypeError(f"{own} has no layer; declare one: class ...(Gated, config={own})")
        layer: Any = self.layer
        built: Gated = layer(self, place, d_in, d_out)
        if not self.init_weights:
            nn.init.kaiming_uniform_(built.up, a=math.sqrt(5))
        return built
