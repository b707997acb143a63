"""Gradients: where they reach, and that checkpoints, compilation and precision keep them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from seesaw.suite.checks.specimen import (
    TwoLinears,
    adapted,
    batch,
    drawn_loss,
    encoder,
    hidden,
    routed,
    step_gradients,
)
from seesaw.suite.checks.verdict import CheckError, Method, same, same_gradients

ROUNDING = 1e-6
"""A gradient that is this small beside the largest one is what rounding leaves of none."""


def everything_trainable_learns(method: Method) -> None:
    """Every trainable tensor gets a gradient, and one that is more than rounding."""
    gradients, _ = step_gradients(model := adapted(method, encoder()).train())
    largest = max((float(g.abs().max()) for g in gradients.values()), default=0.0)
    for name, parameter in model.named_parameters():
        found = float(gradients[name].abs().max()) if name in gradients else 0.0
        if parameter.requires_grad and found <= ROUNDING * largest:
            raise CheckError(f"{name} gets no gradient")


def checkpointing_and_accumulation_change_nothing(method: Method) -> None:
    """Gradients and buffers are those of the plain run; the latter where no auxiliary loss is."""
    model = adapted(method, encoder()).train()
    plain = copy.deepcopy(model)
    wanted, auxiliary = step_gradients(plain)
    checked = copy.deepcopy(model)
    checked.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
    runs = {"checkpointing": (checked, 1), "accumulation": (copy.deepcopy(model), 2)}
    for what, (other, parts) in runs.items():
        if what == "accumulation" and auxiliary:
            continue  # such a loss need not be linear in the batch
        found, _ = step_gradients(other, parts)
        same_gradients(found, wanted, what)
        after_buffers = dict(other.named_buffers())
        for name, buffer in plain.named_buffers():
            same(after_buffers[name].float(), buffer.float(), f"buffer {name} under {what}")


def a_compiled_run_agrees(method: Method) -> None:
    """Gradients under `torch.compile` are those of the plain run, at two linears of two shapes."""
    model = adapted(method, TwoLinears()).train()
    wanted, _ = step_gradients(copy.deepcopy(model))
    torch.compiler.reset()
    compiled: Any = torch.compile(model, backend="aot_eager")
    found, _ = step_gradients(model, called=compiled)
    same_gradients(found, wanted, "compilation")


def gradients_are_derivatives(method: Method) -> None:
    """`gradcheck` in float64 along a drawn direction, straight-through estimates left out.

    All parameters move together first; only if that is wrong, one after the other to name one.
    """
    model, inputs = adapted(method, encoder()).double().train(), batch()
    generator = torch.Generator().manual_seed(6)
    start, direction = {}, {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and name.split(".")[-1] not in method.straight_through:
            start[name] = parameter.detach()
            drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            direction[name] = drawn

    def wrong_along(names: Iterable[str]) -> bool:
        def loss(distance: Tensor) -> Tensor:
            moved = {name: start[name] + distance * direction[name] for name in names}
            with routed(model, inputs) as state:
                output = functional_call(model, moved, kwargs=dict(inputs)).last_hidden_state
                return drawn_loss(output, torch.arange(len(output))) + state.auxiliary_loss()

        origin = torch.zeros((), dtype=torch.float64, requires_grad=True)
        return not torch.autograd.gradcheck(loss, origin, rtol=1e-5, raise_exception=False)

    if wrong_along(start):
        guilty = [name for name in start if wrong_along([name])] or ["some parameter"]
        raise CheckError(f"gradients are not those of differences: {', '.join(guilty)}")


class FrozenSelection(TorchFunctionMode):
    """Notes what `topk` and `argmax` choose; once `replaying`, makes them choose it again."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[Tensor] = []
        self.replaying = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in ("topk", "argmax"):
            return found
        if not self.replaying:
            self.chosen.append(found if isinstance(found, Tensor) else found.indices)
            return found
        indices = self.chosen.pop(0)
        if isinstance(found, Tensor):
            return indices
        return torch.return_types.topk((args[0].gather(-1, indices), indices))


def bfloat16_agrees(method: Method) -> None:
    """Outputs under autocast to bfloat16, with the choice of experts kept, are those in float32."""
    model, inputs = adapted(method, encoder()).eval(), batch()
    selection = FrozenSelection()
    with selection:
        wanted = hidden(model, inputs)
        selection.replaying = True
        with torch.autocast("cpu", torch.bfloat16):
            found = hidden(model, inputs)
    same(found.float(), wanted, "in bfloat16", 0.05)
