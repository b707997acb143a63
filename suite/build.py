"""Models: built from a plan, each part with its own generator, or as a run left them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import torch
from safetensors.torch import load
from torch import nn

from methods.method import MethodConfig
from methods.tuner import SLOTS
from suite.measure import count_trainable
from suite.plan import Plan, Workload, stored_config
from suite.record import ParameterCounts, Record
from suite.seeds import derive
from suite.store import Store
from tasks.learner import MultiTaskModel


def pin(threads: int) -> None:
    """Fix what makes two runs of one spec bit-identical on one machine."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=torch.cuda.is_available())


@contextmanager
def seeded(seed: int) -> Any:
    """Torch's global generator at `seed` inside, as before outside."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


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


def restored(record: Record, workload: Workload, store: Store) -> MultiTaskModel:
    """The model a run ended with, in evaluation mode.

    Raises:
        StoreError: the store has no weights of this run.
    """
    model = build(workload, stored_config(record, workload.track), record.spec.seed)
    model.load_state_dict(load(store.weights(record)), strict=False)
    return model.eval()


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
