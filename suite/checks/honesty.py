"""That a method trains, changes, knows and uses what it says, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from seesaw.methods import after_step, routing
from seesaw.suite.checks.specimen import (
    LINEARS,
    N_TASKS,
    TASK_IDS,
    adapted,
    batch,
    configured,
    encoder,
    hidden,
    step_gradients,
)
from seesaw.suite.checks.verdict import CheckError, Method
from seesaw.suite.costs.active import KINDS, active_parameters
from seesaw.suite.costs.parameters import count_trainable, declared_state
from seesaw.suite.plan.workload import linear_shapes


def frozen_weights_stay(method: Method) -> None:
    """Nothing moves a frozen weight: no change of mode, no forward or backward, no step."""
    model = adapted(method, encoder())
    before = _copies((n, p) for n, p in model.named_parameters() if not p.requires_grad)
    _live(model)
    now = dict(model.named_parameters())
    for name, value in before.items():
        if name not in now or not torch.equal(now[name], value):
            raise CheckError(f"{name} is frozen but moved")


def what_is_trained_is_what_was_counted(method: Method) -> None:
    """A step in, and modes changed, the trained parameters are those of the start."""
    model = adapted(method, encoder())
    names, counts = _trained(model), count_trainable(model)
    _live(model)
    for name in sorted(_trained(model) ^ names):
        said = "trained" if name in names else "frozen"
        raise CheckError(f"{name} was {said} when parameters were counted and is not after a step")
    if count_trainable(model) != counts:
        raise CheckError(f"it trained {counts} parameters at first, {count_trainable(model)} later")


def buffers_that_change_are_declared(method: Method) -> None:
    """Buffers that training or evaluation changes have the role of state."""
    model = adapted(method, encoder())
    before = _copies(model.named_buffers())
    _live(model)
    declared = declared_state(model)
    for name, buffer in model.named_buffers():
        if name not in declared and not torch.equal(before.get(name, buffer[:0]), buffer):
            raise CheckError(f"{name} is a buffer that changes; declare it as state in `roles`")


def the_task_is_known_only_if_declared(method: Method) -> None:
    """A method with `told_task = False` does without task ids, and does not look at any."""
    if method.told_task:
        return
    model, inputs = adapted(method, encoder()).eval(), batch()
    try:
        wanted = hidden(model, inputs)
    except ValueError as error:
        raise CheckError(f"it declares told_task = False and asks for the task: {error}") from None
    for ids in (TASK_IDS, (TASK_IDS + 1) % N_TASKS):
        with routing(model, ids, inputs["attention_mask"]):
            if not torch.equal(model(**inputs).last_hidden_state, wanted):
                raise CheckError("it declares told_task = False, and its output shows the task")


def only_controls_change_the_learning_rate(method: Method) -> None:
    """All methods that are compared learn at the recipe's rate."""
    if not method.control and method.learning_rate_factor != 1.0:
        raise CheckError(
            f"learning_rate_factor is {method.learning_rate_factor}; it must be 1 for a method "
            "that is not a control"
        )


def active_parameters_are_not_understated(method: Method) -> None:
    """One token uses no more experts' and router's parameters than the closed form says."""
    base = encoder()
    claimed = configured(method).parameters(LINEARS.shapes(linear_shapes(base)), N_TASKS)
    found = active_parameters(adapted(method, base))
    for kind in KINDS:
        stated = getattr(claimed, f"active_{kind}")
        if found[kind] > stated:
            raise CheckError(
                f"one token uses {found[kind]:,} {kind} parameters, active_{kind} is {stated:,}"
            )


def _live(model: Any) -> None:
    """What a run does with a model: evaluate, train a step, evaluate."""
    hidden(model.eval(), batch())
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    step_gradients(model)
    torch.optim.AdamW(trained, lr=0.1).step()
    after_step(model)
    hidden(model.eval(), batch())


def _trained(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def _copies(named: Iterable[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in named}
