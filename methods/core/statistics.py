"""Routing statistics of one adapted place, from its table of gate mass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

DEAD_SHARE = 0.1
"""An expert with less than this share of an equal load counts as dead."""


def routing_statistics(usage: Tensor) -> dict[str, Any]:
    """Plain numbers out of gate mass `usage` (tasks, experts); tasks weigh equally.

    `load` by expert, its `entropy` over the largest there can be, the `dead` share of experts,
    `task_information` I(task; expert) in nats, and `by_task` the load of every task that was seen,
    in the order of their ids.
    """
    joint = usage.double()
    joint = joint[joint.sum(1) > 0]
    joint = joint / joint.sum(1, keepdim=True) / joint.shape[0]
    load, tasks = joint.sum(0), joint.sum(1, keepdim=True)
    information = torch.xlogy(joint, joint / (tasks * load).clamp_min(1e-300)).sum()
    maximum = torch.log(torch.tensor(float(max(2, load.numel()))))
    return {
        "load": [round(share, 5) for share in load.tolist()],
        "entropy": round(float(-torch.xlogy(load, load).sum() / maximum), 5),
        "dead": round(float((load < DEAD_SHARE / load.numel()).double().mean()), 5),
        "task_information": round(float(information.clamp_min(0.0)), 6),
        "by_task": [[round(share, 4) for share in row] for row in (joint / tasks).tolist()],
    }
