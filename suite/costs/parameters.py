"""Trainable parameters of a model, counted, and the state that it declares."""

from __future__ import annotations

from torch import nn

from seesaw.methods.core.parameters import parameter_roles


def trained_kinds(model: nn.Module) -> dict[str, str]:
    """What every trainable parameter of `model` is, by its name.

    Methods declare the roles of what they put into the backbone; trained weights of the backbone
    itself are experts.

    Raises:
        ValueError: a method declares no role for a tensor of its adapter.
    """
    roles = parameter_roles(model)
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    return {n: roles.get(n, "head" if n.startswith("heads.") else "experts") for n in trained}


def count_trainable(model: nn.Module) -> dict[str, int]:
    """Trainable parameters by what they are: experts, router, task_embedding, head.

    Raises:
        ValueError: see `trained_kinds`.
    """
    counts = {"experts": 0, "router": 0, "task_embedding": 0, "head": 0}
    kinds = trained_kinds(model)
    for name, parameter in model.named_parameters():
        if name in kinds:
            counts[kinds[name]] += parameter.numel()
    return counts


def declared_state(model: nn.Module) -> set[str]:
    """Names of the tensors that methods declare to change without being trained.

    Raises:
        ValueError: see `trained_kinds`.
    """
    return {name for name, role in parameter_roles(model).items() if role == "state"}
