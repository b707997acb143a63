"""Models: built from a job, each part with its own generator; what of them is trained."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from seesaw.methods.core.linear import SLOTS
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import ParameterCounts
from seesaw.suite.run.determinism import derive, seeded
from seesaw.tasks.families.family import MultiTaskModel


def build(workload: Workload, config: MethodConfig | None, seed: int) -> MultiTaskModel:
    """Frozen backbone, heads and adapter (none without `config`), each with its own generator."""
    backbone = workload.family.models.backbone()
    with seeded(derive(seed, "heads")):
        model = workload.family.models.model(backbone, config is not None and config.told_task)
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


def trained(model: nn.Module) -> dict[str, Tensor]:
    """Everything a run leaves behind: trained parameters, buffers of the adapter and the heads."""
    names = {name for name, p in model.named_parameters() if p.requires_grad}
    state, own = model.state_dict(), ("heads.", *(f".{slot}." for slot in SLOTS))
    kept = [name for name in state if name in names or any(part in name for part in own)]
    return {name: state[name].detach().cpu().contiguous() for name in kept}


def load_trained(model: nn.Module, left: Mapping[str, Tensor]) -> None:
    """Give `model` what `trained` took from one like it.

    Raises:
        KeyError: a tensor is missing, or one is there that this model does not train.
        RuntimeError: one has another shape.
    """
    wanted = set(trained(model))
    for problem, names in (("missing", wanted - set(left)), ("foreign", set(left) - wanted)):
        if names:
            raise KeyError(f"{len(names)} of {len(wanted)} trained tensors {problem}: {min(names)}")
    model.load_state_dict(dict(left), strict=False)


def counted(claimed: Parameters, model: MultiTaskModel, method: str) -> ParameterCounts:
    """Trainable parameters of `model`, found equal to the method's closed form.

    Raises:
        RuntimeError: the closed form is wrong, so the budget was not what it claimed.
    """
    found = count_trainable(model)
    for kind in ("experts", "router", "task_embedding"):
        if found[kind] != getattr(claimed, kind):
            raise RuntimeError(
                f"{method} trains {found[kind]:,} {kind} parameters, "
                f"its closed form says {getattr(claimed, kind):,}"
            )
    return ParameterCounts(adapter=claimed.total, active=claimed.active, **found)
