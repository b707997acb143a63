"""The one primitive: y = F(x) + s * U (g * (D x)), with the gate g per token, example or task.

With linear experts, sum_e g_e B_e A_e x = U (G(g) * (D x)), the experts' A stacked to D and their B
beside each other in U. No dispatch, no loop over experts, no host sync; sparse gates are zeros.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.expand import expand, per_token
from seesaw.methods.core.parameters import Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.precision import casts_itself, in_full
from seesaw.methods.core.shared import Shared
from seesaw.methods.core.state import RoutingState
from seesaw.methods.core.steps import stepped


class Gated(nn.Module):
    """One gated low-rank update at one place; a method subclasses it. By itself it is LoRA.

    A layer declares the config it belongs to: `class SMoRA(Gated, config=SMoRAConfig)`. Configs
    derived from that one have the same layer, until another declares them.

    Parameters: `down` D (R, d_in), `up` U (d_out, R), and where the method routes on tokens
    `router` Wr (router rows, d_in). Subclasses give `gate` and, where needed, `operands`,
    `project`, `auxiliary` and `after_step`, and name the role of what they add.
    """

    roles: Mapping[str, Role] = {"down": "experts", "up": "experts", "router": "router"}
    """The role of every parameter and buffer, by its name in here."""
    shared: Shared
    """Set by `share`, where the method has something in common for all places."""
    places: int = 1
    """Own places of the adapter, this one included; set when all of them are there."""

    def __init_subclass__(cls, config: type[GatedConfig] | None = None, **others: Any) -> None:
        super().__init_subclass__(**others)
        if config is not None:
            config.layer = cls

    def __init__(self, config: GatedConfig, place: Place, d_in: int, d_out: int) -> None:
        super().__init__()
        self.config, self.place, self.rank = config, place, config.rank_at(place)
        self.scale = config.alpha * config.unit()
        self.dropout = nn.Dropout(config.dropout) if config.dropout else None
        self.down = nn.Parameter(torch.empty(config.down_rank(self.rank), d_in))
        self.up = nn.Parameter(torch.empty(d_out, config.up_rank(self.rank)))
        rows = config.router_rows(self.rank)
        self.router = nn.Parameter(torch.empty(rows, d_in)) if rows else None
        self.reset_parameters()
        self._follow_steps()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._follow_steps()

    def _follow_steps(self) -> None:
        """A layer that does something after a step is told of it; a copy is one of its own."""
        if type(self).after_step is not Gated.after_step:
            stepped(self)

    def reset_parameters(self) -> None:
        """A as PEFT's LoRA draws it (Kaiming-uniform, a = sqrt 5), B zero, router as nn.Linear."""
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))
        nn.init.zeros_(self.up)
        if self.router is not None:
            nn.init.kaiming_uniform_(self.router, a=math.sqrt(5))

    def share(self, module: Shared, owner: bool) -> None:
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
        """Called after every step of an optimiser that has `up`; for what is no gradient's work.

        Twice in a row must be as good as once.
        """

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
                state.collect(self.place, gate)
        if self.training:  # a recomputation must save the same tensors, so it computes it too
            loss = self.auxiliary(x, logits, state)
            if loss is not None:
                state.add_loss(loss)
        if gate is None:
            gate = h.new_ones(1)
        return expand(y, *self.operands(h, gate.to(h.dtype)), self.up, self.scale)

    def _apply(self, fn: Any, recurse: bool = True) -> Any:
        """Move buffers, but keep their precision: small balancing steps vanish in bf16."""
        before = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, moved in self._buffers.items():
            kept = before[name]
            if moved is not None and kept is not None:
                self._buffers[name] = _on(kept, moved.device)
        return self

    def project(self, x: Tensor, state: RoutingState) -> tuple[Tensor, Tensor | None]:
        """(D x, Wr x), reading x once: D and the router are joined for one product."""
        if self.router is None:
            return F.linear(x, self.down), None
        z = F.linear(x, torch.cat((self.down, self.router.to(self.down.dtype))))
        h, logits = z.split((self.down.shape[0], self.router.shape[0]), dim=-1)
        return h, logits


def _on(kept: Tensor, device: torch.device) -> Tensor:
    """`kept` on a device in its own precision; from the meta device there is nothing to bring."""
    if kept.is_meta:
        return torch.zeros_like(kept, device=device)
    return kept.to(device)
