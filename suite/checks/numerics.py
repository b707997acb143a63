"""Gradients: where they reach, and that checkpoints, compilation and precision keep them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.overrides import TorchFunctionMode

from seesaw.methods import after_step, routing
from seesaw.suite.checks.specimen import TASK_IDS, adapted, batch, encoder, hidden
from seesaw.suite.checks.verdict import CheckError, Method, same


def step_gradients(
    model: nn.Module, parts: int = 1, called: Callable[..., Any] | None = None
) -> tuple[dict[str, Tensor], bool]:
    """Gradients of one step's loss in `parts` micro-batches, and whether auxiliary losses came.

    `called` stands in for the model where it is not called itself.
    """
    model.zero_grad()
    run = model if called is None else called
    inputs, auxiliary = batch(), False
    for rows in torch.arange(4).chunk(parts):
        own = {name: value[rows] for name, value in inputs.items()}
        with routing(model, TASK_IDS[rows], own["attention_mask"]) as state:
            output = run(**own).last_hidden_state
            loss = output.square().mean((1, 2)).sum() / 4 + state.auxiliary_loss() / parts
            auxiliary = auxiliary or bool(state.losses)
            loss.backward()
    named = model.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}, auxiliary


def everything_trainable_learns(method: Method) -> None:
    """Every trainable tensor gets a gradient; what is frozen stays as it was to the bit."""
    model = adapted(method, encoder()).train()
    frozen = {n: p.clone() for n, p in model.named_parameters() if not p.requires_grad}
    gradients, _ = step_gradients(model)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not gradients.get(name, parameter.new_zeros(1)).any():
            raise CheckError(f"{name} gets no gradient")
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=0.1)
    optimizer.step()
    after_step(model)
    for name, parameter in model.named_parameters():
        if name in frozen and not torch.equal(parameter, frozen[name]):
            raise CheckError(f"{name} is frozen but moved")


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
        for name, gradient in wanted.items():
            same(found[name], gradient, f"gradient of {name} under {what}")
        after_buffers = dict(other.named_buffers())
        for name, buffer in plain.named_buffers():
            same(after_buffers[name].float(), buffer.float(), f"buffer {name} under {what}")


def a_compiled_run_agrees(method: Method) -> None:
    """Gradients under `torch.compile` are those of the plain run."""
    model = adapted(method, encoder()).train()
    wanted, _ = step_gradients(copy.deepcopy(model))
    torch.compiler.reset()
    compiled: Any = torch.compile(model, backend="aot_eager")
    found, _ = step_gradients(model, called=compiled)
    for name, gradient in wanted.items():
        same(found[name], gradient, f"gradient of {name} when compiled")


def gradients_are_derivatives(method: Method) -> None:
    """`gradcheck` in float64, straight-through estimates left out."""
    model, inputs = adapted(method, encoder()).double().train(), batch()
    trained = {
        name: parameter.detach().clone().requires_grad_()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and name.split(".")[-1] not in method.straight_through
    }

    def loss(*values: Tensor) -> Tensor:
        with routing(model, TASK_IDS, inputs["attention_mask"]) as state:
            moved = dict(zip(trained, values, strict=True))
            output = functional_call(model, moved, kwargs=dict(inputs)).last_hidden_state
            total: Tensor = output.square().mean() + state.auxiliary_loss()
        return total

    try:
        torch.autograd.gradcheck(loss, tuple(trained.values()), fast_mode=True)
    except RuntimeError as error:
        raise CheckError(f"gradients are not those of differences: {error}") from None


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
