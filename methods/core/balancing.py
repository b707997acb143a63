"""Load balanced by a bias on the router's scores that is moved after every step, not by a loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from seesaw.methods.core.experts import top_k
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Role
from seesaw.methods.core.placement import Place
from seesaw.methods.core.state import RoutingState


class BiasBalanced(Gated):
    """A layer with a balancing bias (r,) on the scores of its ranks.

    Its config has `balance_rate`, the step u of the bias, and `bias_trained`: the bias is state,
    unless it is trained; then it counts with the router. `counts` (r,) are the selections since the
    last step.
    """

    config: Any
    roles: Mapping[str, Role] = {**Gated.roles, "bias": "state"}
    bias: Tensor
    counts: Tensor

    def __init__(self, config: Any, place: Place, d_in: int, d_out: int) -> None:
        super().__init__(config, place, d_in, d_out)
        if config.bias_trained:
            self.bias = nn.Parameter(torch.zeros(self.rank))
            self.roles = {**self.roles, "bias": "router"}
        else:
            self.register_buffer("bias", torch.zeros(self.rank))
        # no buffer: data-parallel training would overwrite it with that of the first process
        self.counts = torch.zeros(self.rank)

    def select(self, scores: Tensor, k: int, state: RoutingState) -> Tensor:
        """Indices (..., k) of the best of `scores` (..., r) with the bias; counted in training."""
        kept = top_k(scores + self.bias, k)
        if self.training and state.collecting:
            self.counts = self.counts.to(kept.device)
            valid = state.weights(kept).to(self.counts.dtype).unsqueeze(-1)
            self.counts.scatter_add_(0, kept.flatten(), valid.expand(-1, k).flatten())
        return kept

    def after_step(self) -> None:
        """b_i += u sign(mean(c) - c_i), counts summed over processes; then count anew."""
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(self.counts)
        with torch.no_grad():
            step = torch.sign(self.counts.mean() - self.counts)
            self.bias.add_(self.config.balance_rate * step)
        self.counts.zero_()
