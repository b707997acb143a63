"""The product of the primitive, which keeps little for backward, and gates brought to tokens."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def per_token(gate: Tensor, h: Tensor) -> Tensor:
    """A gate per example (batch, G) as one that goes with `h` (beams * batch, ..., rank).

    Raises:
        ValueError: `h` has no whole number of rows per example.
    """
    if gate.dim() == h.dim() and gate.shape[:-1] == h.shape[:-1]:
        return gate
    rows, examples = h.shape[0], gate.shape[0]
    if rows % examples:
        raise ValueError(f"{examples} task ids do not go with {rows} rows of input")
    gate = gate.repeat_interleave(rows // examples, dim=0)
    return gate.view(rows, *(1,) * (h.dim() - 2), gate.shape[-1])


def expand(y: Tensor, h: Tensor, gate: Tensor, up: Tensor, scale: float) -> Tensor:
    """Y + scale * (gate * h) up^T, with y (..., d_out) and up (d_out, R).

    `h` and `gate` broadcast to (..., *ranks), with R of them. Only the two themselves are kept for
    backward, which computes their product again: a mixture of one gate per expert keeps R + E
    numbers per token.
    """
    out: Tensor = _Expand.apply(y, h, gate, up.to(h.dtype), scale)
    return out


class _Expand(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        _, h, gate, up, ctx.scale = inputs
        ctx.save_for_backward(h, gate, up)

    @staticmethod
    def forward(y: Tensor, h: Tensor, gate: Tensor, up: Tensor, scale: float) -> Tensor:
        mixed = (h * gate).reshape(-1, up.shape[1])
        if y.dtype != h.dtype:
            return y + scale * F.linear(mixed, up).view(y.shape).to(y.dtype)
        return torch.addmm(y.reshape(-1, y.shape[-1]), mixed, up.t(), alpha=scale).view(y.shape)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        h, gate, up = ctx.saved_tensors
        flat = grad.reshape(-1, grad.shape[-1]).to(h.dtype)
        mixed = h * gate
        d_up = (flat.t() @ mixed.reshape(-1, up.shape[1])) * ctx.scale
        d_mixed = ((flat @ up) * ctx.scale).view(mixed.shape)
        d_h = (d_mixed * gate).sum_to_size(h.shape)
        d_gate = (d_mixed * h).sum_to_size(gate.shape) if ctx.needs_input_grad[2] else None
        return grad, d_h, d_gate, d_up, None
