"""What the methods are timed against besides LoRA: a loop over experts, PEFT's Poly and Lily."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from peft import LilyConfig, PolyConfig, get_peft_model
from torch import Tensor, nn

Adapt = Callable[[nn.Module], nn.Module]
SKILLS = 8
"""Experts of the mixtures whose number is not in their name."""


def references(
    linears: str, rank: int, loops: tuple[int, ...], task_ids: Tensor
) -> dict[str, Adapt]:
    """How to put each reference into a frozen backbone, by name.

    Args:
        linears: regular expression, matched in full on module names.
        rank: total rank, over all experts.
        loops: numbers of experts of the loops.
        task_ids: (batch,) for Poly, which mixes its skills by task.
    """
    found: dict[str, Adapt] = {
        f"loop over {experts} experts": _loop(linears, rank, experts) for experts in loops
    }
    tasks = int(task_ids.max()) + 1
    poly = PolyConfig(r=rank // SKILLS, target_modules=linears, n_tasks=tasks, n_skills=SKILLS)
    found["PEFT Poly"] = lambda model: _Told(get_peft_model(model, poly).base_model, task_ids)
    lily = LilyConfig(r=rank, target_modules=linears, num_B=SKILLS)
    found["PEFT Lily"] = lambda model: get_peft_model(model, lily)
    return found


class _Told(nn.Module):
    """A model that is always told the same task ids."""

    def __init__(self, model: nn.Module, task_ids: Tensor) -> None:
        super().__init__()
        self.model, self.task_ids = model, task_ids

    def forward(self, *args: object, **kwargs: object) -> object:
        return self.model(*args, task_ids=self.task_ids, **kwargs)


def _loop(linears: str, rank: int, experts: int) -> Adapt:
    def adapt(model: nn.Module) -> nn.Module:
        for name, module in list(model.named_modules()):
            if isinstance(module, nn.Linear) and re.fullmatch(linears, name):
                parent, _, own = name.rpartition(".")
                setattr(model.get_submodule(parent), own, Loop(module, rank, experts))
        return model

    return adapt


class Loop(nn.Module):
    """A token-routed top-2 mixture of LoRA experts as it is usually written: one by one."""

    def __init__(self, base: nn.Linear, rank: int, experts: int) -> None:
        super().__init__()
        self.base = base
        shape = (experts, rank // experts)
        self.down = nn.Parameter(torch.randn(*shape, base.in_features) * base.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(experts, base.out_features, rank // experts))
        self.router = nn.Linear(base.in_features, experts, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """The frozen output (..., d_out) plus every expert's update in turn."""
        y: Tensor = self.base(x)
        logits = self.router(x)
        kept = logits.topk(2, dim=-1)
        gates = torch.zeros_like(logits).scatter(-1, kept.indices, kept.values.softmax(-1))
        for expert, (down, up) in enumerate(zip(self.down, self.up, strict=True)):
            y = y + gates[..., expert : expert + 1] * F.linear(F.linear(x, down), up)
        return y
