"""Models: built from a plan, each part with its own generator, or as a run left them."""

from __future__ import annotations

import torch
from torch import nn

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.tuner import SLOTS
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.plan import Plan
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import ParameterCounts
from seesaw.suite.run.determinism import derive, seeded
from seesaw.tasks.families.learner import MultiTaskModel


def build(workload: Workload, config: MethodConfig | None, seed: int) -> MultiTaskModel:
    """Frozen backbone, heads and adapter (none without `config`), each with its own generator."""
    backbone = workload.learner.backbone()
    with seeded(derive(seed, "heads")):
        model = workload.learner.model(backbone, config is not None and config.told_task)
    if config is not None:
        with seeded(derive(seed, "adapter")):
            model.backbone = config.adapt(backbone)
    return in_single_precision(model)


def in_single_precision(model: MultiTaskModel) -> MultiTaskModel:
    """What is trained, and the adapter's buffers, in float32 whatever the frozen weights are in."""
    for module in model.modules():
        for slot in SLOTS:
            if isinstance(own := getattr(module, slot, None), nn.Module):
                own.float()
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return model


def trained(model: nn.Module) -> dict[str, torch.Tensor]:
    """Everything a run leaves behind: trained parameters, buffers of the adapter and the heads."""
    names = {name for name, p in model.named_parameters() if p.requires_grad}
    state, own = model.state_dict(), ("heads.", *(f".{slot}." for slot in SLOTS))
    kept = [name for name in state if name in names or any(part in name for part in own)]
    return {name: state[name].detach().cpu().contiguous() for name in kept}


def counted(plan: Plan, model: MultiTaskModel) -> ParameterCounts:
    """Trainable parameters of `model`, found equal to the method's closed form.

    Raises:
        RuntimeError: the closed form is wrong, so the budget was not what it claimed.
    """
    found, claimed = count_trainable(model), plan.parameters
    for kind in ("experts", "router", "task_embedding"):
        if found[kind] != getattr(claimed, kind):
            raise RuntimeError(
                f"{plan.spec.method} trains {found[kind]:,} {kind} parameters, "
                f"its closed form says {getattr(claimed, kind):,}"
            )
    return ParameterCounts(adapter=claimed.total, active=claimed.active, **found)
