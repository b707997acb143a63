"""Auxiliary losses of routers: balance over experts, information on the task, telling tasks apart.

Each is a scalar of one adapted place, not weighted yet; padding has no part in it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from seesaw.methods.core.experts import scattered, top_k
from seesaw.methods.core.precision import in_full
from seesaw.methods.core.state import RoutingState


def balance_loss(logits: Tensor, k: int, state: RoutingState) -> Tensor:
    """E * sum_e f_e p_e over valid tokens (Switch, arXiv 2101.03961, eq. 4); 1 when balanced.

    f_e is the share of the kept slots that expert e got, p_e its mean probability.

    Args:
        logits: of the router (..., E).
        k: experts kept per token.
        state: tells padding.
    """
    weights = state.weights(logits)
    weights = weights / weights.sum()
    kept = top_k(logits, k)
    mask = scattered(torch.ones_like(kept, dtype=weights.dtype), kept, logits)
    share = weights @ mask.flatten(0, -2) / k
    probability = weights @ torch.softmax(logits, dim=-1).flatten(0, -2)
    return logits.shape[-1] * (share * probability).sum()


def task_information(
    logits: Tensor, tasks: Tensor, n_tasks: int, state: RoutingState, smoothing: float = 0.0
) -> Tensor:
    """I(task; expert) of the router's probabilities, in nats (Mod-Squad, arXiv 2212.08066).

    Args:
        logits: of the router (batch, ..., E).
        tasks: ids (batch,).
        n_tasks: how many there are.
        state: tells padding.
        smoothing: added to probabilities, to the number of tokens, to both marginals and inside the
            logarithm, as Mod-Squad's code does.
    """
    weights = state.weights(logits).view(len(tasks), -1)
    chances = torch.softmax(logits, dim=-1).view(*weights.shape, -1)
    if smoothing:
        chances = chances + smoothing
    mass = (chances * weights.unsqueeze(-1)).sum(1)
    joint = mass.new_zeros(n_tasks, mass.shape[-1]).index_add(0, tasks, mass)
    joint = joint / (weights.sum() + smoothing if smoothing else joint.sum())
    apart = (joint.sum(1, keepdim=True) + smoothing) * (joint.sum(0, keepdim=True) + smoothing)
    present = joint > 0
    ratio = torch.where(present, joint / apart.clamp_min(1e-30), torch.ones_like(joint))
    return (joint * (ratio + smoothing).log()).sum()


def contrastive_loss(
    pooled: Tensor, embeddings: Tensor, tasks: Tensor, temperature: float = 0.05
) -> Tensor:
    """Cross-entropy of the task given the cosines of examples and task embeddings.

    Args:
        pooled: one vector per example (batch, d).
        embeddings: of all tasks (tasks, d).
        tasks: ids (batch,).
        temperature: the cosines are divided by it; 0.05 is that of MoRE's code.
    """
    pooled = F.normalize(in_full(pooled), dim=-1)
    cosines = pooled @ F.normalize(in_full(embeddings), dim=-1).t()
    return F.cross_entropy(cosines / temperature, tasks)


def pool(x: Tensor, how: str, state: RoutingState) -> Tensor:
    """One vector per example (batch, d): its "first" valid token, or the "mean" of them."""
    x = state.by_example(x)
    if x.shape[1] == 1:
        return x[:, 0]
    if how == "first":
        valid = state.valid(x)
        if valid is None:
            return x[:, 0]
        return x[torch.arange(len(x), device=x.device), valid.to(torch.uint8).argmax(1)]
    weights = state.weights(x).view(x.shape[:-1]).unsqueeze(-1)
    return (x * weights).sum(1) / weights.sum(1)
