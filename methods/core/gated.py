"""The one primitive: y = F(x) + s * U (g * (D x)), with the gate g per token, example or task.

With linear experts, sum_e g_e B_e A_e x = U (G(g) * (D x)), the experts' A stacked to D and their B
beside each other in U. No dispatch, no loop over experts, no host sync; sparse gates are zeros.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from peft import PeftConfig
from torch import Tensor, nn

from seesaw.methods.core.expand import expand, per_token
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import PAIR, Placement, Shapes
from seesaw.methods.core.state import RoutingState


@dataclass
class GatedConfig(PeftConfig, MethodConfig):
    """What every gated method configures; ranks and places as in PEFT's `LoraConfig`.

    Args:
        r: nominal total rank, over all experts of one adapted linear.
        alpha: numerator of the scale; each method says what it is divided by.
        dropout: on the adapter's input, router included.
        target_modules: suffixes, one regular expression, or "all-linear".
        rank_pattern: rank at single places, by full module name.
        n_tasks: how many tasks there are, for task-routed methods and routing statistics.
        reads: as in `Placement`.
        backbone_rank: as in `Placement`.
    """

    r: int = field(default=8, metadata={"help": "total rank"})
    alpha: float = field(default=16.0, metadata={"help": "numerator of the scale"})
    dropout: float = field(default=0.0, metadata={"help": "dropout on the adapter's input"})
    target_modules: list[str] | str | None = None
    exclude_modules: list[str] | str | None = None
    layers_to_transform: list[int] | int | None = None
    layers_pattern: list[str] | str | None = None
    modules_to_save: list[str] | None = None
    rank_pattern: dict[str, int] | None = field(default_factory=dict)
    n_tasks: int = 1
    reads: dict[str, str] = field(default_factory=dict)
    backbone_rank: int = 0

    described: ClassVar[tuple[str, ...]] = ("r", "alpha", "dropout", "rank_pattern")
    peft_name: ClassVar[str]
    """PEFT's key for the method; set when the method is registered."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type: Any = self.peft_name
        if isinstance(self.target_modules, list):
            self.target_modules = sorted(set(self.target_modules))
        if self.r < 1:
            raise ValueError(f"r is {self.r}; the rank must be at least 1")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout is {self.dropout}; it must be in [0, 1)")

    @property
    def total_rank(self) -> int:
        """See `MethodConfig.total_rank`."""
        return self.up_rank(self.r)

    def unit(self) -> float:
        """The scale s at alpha = 1; LoRA's 1 / r unless the method says other."""
        return 1.0 / self.r

    def mean_gate(self) -> float:
        """Gate of an active rank before anything is learnt; s times it is what tracks fix."""
        return 1.0

    def down_rank(self, rank: int) -> int:
        """Rows of D at a place of rank `rank`."""
        return rank

    def up_rank(self, rank: int) -> int:
        """Columns of U at a place of rank `rank`."""
        return rank

    def router_rows(self, rank: int) -> int:
        """Rows of the token router at a place of rank `rank`; 0 for methods without one."""
        return 0

    def scaled(self, scale: float) -> Self:
        """See `MethodConfig.scaled`."""
        return self.replaced(alpha=scale / (self.unit() * self.mean_gate()))

    def placed(self, placement: Placement, dropout: float, n_tasks: int) -> Self:
        """See `MethodConfig.placed`."""
        return self.replaced(
            target_modules=placement.linears,
            reads=dict(placement.reads),
            backbone_rank=placement.backbone_rank,
            dropout=dropout,
            n_tasks=n_tasks,
        )

    def own_places(self, shapes: Shapes) -> Shapes:
        """See `MethodConfig.own_places`."""
        if not self.backbone_rank:
            return shapes
        return {place: shape for place, shape in shapes.items() if PAIR in place}

    def parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """See `MethodConfig.parameters`; the plain LoRA on the backbone counts among experts."""
        inputs_and_outputs = sum(sum(s) for place, s in shapes.items() if PAIR not in place)
        plain = self.backbone_rank * inputs_and_outputs
        return super().parameters(shapes, n_tasks) + Parameters(plain, plain)

    def build_backbone(self, place: str, d_in: int, d_out: int) -> Gated:
        """The plain LoRA beside one linear, at the scale the method starts with."""
        config = PlainConfig(r=self.backbone_rank, dropout=self.dropout)
        return config.scaled(self.alpha * self.unit() * self.mean_gate()).build(place, d_in, d_out)

    def resized(self, rank: int) -> Self:
        """The scale of an active rank stays."""
        scale = self.alpha * self.unit() * self.mean_gate()
        return self.replaced(r=rank, rank_pattern={}).scaled(scale)

    def build_shared(self, model: nn.Module) -> nn.Module | None:
        """What the whole of `model` has once; None for most methods.

        If it has a method `attach(model, state, active)`, that is called once to hook the model.
        """
        return None

    @abstractmethod
    def build(self, place: str, d_in: int, d_out: int) -> Gated:
        """The trainable part at one place, a linear or a pair."""


@dataclass
class PlainConfig(GatedConfig):
    """LoRA as the primitive with gate 1, for places where PEFT's own cannot stand."""

    name = "lora"
    title = "LoRA on the gated primitive"
    paper = "arXiv 2106.09685"
    peft_name = "SEESAW_LORA"

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        """r (d_in + d_out), all of it active."""
        count = self.rank_at(place) * sum(shape)
        return Parameters(experts=count, active_experts=count)

    def build(self, place: str, d_in: int, d_out: int) -> Gated:
        """See `GatedConfig.build`."""
        return Gated(self, place, d_in, d_out)

    def describe(self) -> dict[str, Any]:
        """In the words of PEFT's LoRA, which the field reads."""
        words = {"lora_alpha": self.alpha, "lora_dropout": self.dropout}
        return {"r": self.r, **words, "rank_pattern": self.rank_pattern, "alpha_pattern": {}}


class Gated(nn.Module):
    """One gated low-rank update at one place; a method subclasses it. By itself it is LoRA.

    Parameters: `down` D (R, d_in), `up` U (d_out, R), and where the method routes on tokens
    `router` Wr (router rows, d_in). Subclasses give `gate` and, where needed, `operands`,
    `project`, `auxiliary` and `after_step`.
    """

    shared: nn.Module
    """Set by `share`, where the method has something in common for all places."""

    def __init__(self, config: GatedConfig, place: str, d_in: int, d_out: int) -> None:
        super().__init__()
        self.config, self.place, self.rank = config, place, config.rank_at(place)
        self.scale = config.alpha * config.unit()
        self.dropout = nn.Dropout(config.dropout) if config.dropout else None
        self.down = nn.Parameter(torch.empty(config.down_rank(self.rank), d_in))
        self.up = nn.Parameter(torch.empty(d_out, config.up_rank(self.rank)))
        rows = config.router_rows(self.rank)
        self.router = nn.Parameter(torch.empty(rows, d_in)) if rows else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """A as PEFT's LoRA draws it (Kaiming-uniform, a = sqrt 5), B zero, router as nn.Linear."""
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        nn.init.zeros_(self.up)
        if self.router is not None:
            nn.init.kaiming_uniform_(self.router, a=math.sqrt(5))

    def share(self, module: nn.Module, owner: bool) -> None:
        """Use `module`, which all places have in common; the owner keeps it among its own."""
        if owner:
            self.shared = module
        else:  # past nn.Module's bookkeeping: its parameters must be listed once
            self.__dict__["shared"] = module

    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """Gate (..., G), or (batch, G) where it is the same for all tokens of an example.

        G divides R: one gate for every R / G ranks in a row, i.e. per expert or per rank.

        Args:
            x: the adapter's input (..., d_in).
            logits: of the router (..., router rows), in float32.
            state: task ids and padding mask.

        Returns:
            None if it is 1 everywhere.
        """
        return None

    def operands(self, h: Tensor, gate: Tensor) -> tuple[Tensor, Tensor]:
        """Views of D x and of the gate whose broadcast product, flattened, is what U reads."""
        return h.unflatten(-1, (gate.shape[-1], -1)), gate.unsqueeze(-1)

    def auxiliary(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor | None:
        """Auxiliary loss (scalar, already weighted) of this place, or None."""
        return None

    def folded(self, state: RoutingState) -> tuple[Tensor, Tensor]:
        """A (r, d_in) and B (d_out, r) of the one task in `state`, for methods gated by the task.

        Ranks whose gate is zero are left out, all but one.
        """
        gate = self.gate(self.down[:1], None, state)
        gate = self.up.new_ones(1) if gate is None else gate[0]
        weights = self.scale * gate.repeat_interleave(self.rank // len(gate))
        kept = weights.nonzero().flatten() if weights.any() else torch.tensor([0])
        return self.down[kept], (self.up * weights)[:, kept]

    def after_step(self) -> None:
        """Called once after every optimiser step; for updates that are not gradients."""

    def forward(self, y: Tensor, x: Tensor, state: RoutingState) -> Tensor:
        """Add the update to the frozen output `y` (..., d_out), given the input `x` (..., d_in)."""
        if not casts_itself(x):
            x = x.to(self.down.dtype)
        if self.dropout is not None:
            x = self.dropout(x)
        h, logits = self.project(x, state)
        logits = None if logits is None else in_full(logits)
        gate = self.gate(x, logits, state)
        if gate is not None:
            gate = per_token(gate, h)
            if state.record_usage and state.collecting:
                state.add_usage(self.place, gate, self.config.n_tasks)
        if self.training:  # a recomputation must save the same tensors, so it computes it too
            loss = self.auxiliary(x, logits, state)
            if loss is not None and state.collecting:
                state.losses.append(loss)
        if gate is None:
            gate = h.new_ones(1)
        return expand(y, *self.operands(h, gate.to(h.dtype)), self.up, self.scale)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Move buffers, but keep their precision: small balancing steps vanish in bf16."""
        before = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, moved in self._buffers.items():
            if moved is not None and before[name] is not None:
                self._buffers[name] = before[name].to(moved.device)  # type: ignore[union-attr]
        return self

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        """(D x, Wr x), reading x once: D and the router are joined for one product."""
        if self.router is None:
            return F.linear(x, self.down), None
        z = F.linear(x, torch.cat((self.down, self.router.to(self.down.dtype))))
        h, logits = z.split((self.down.shape[0], self.router.shape[0]), dim=-1)
        return h, logits


def in_full(x: Tensor) -> Tensor:
    """`x` in float32 at least."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def casts_itself(x: Tensor) -> bool:
    """Whether autocast is on for `x`, which casts where a product wants it."""
    kind = x.device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
