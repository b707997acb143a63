"""What a model is told among its inputs: task ids and padding, and the loss it answers with.

Whoever holds `routing` around a step is left alone. Everybody else, a `Trainer` for one, calls the
model with `task_ids` (batch,) beside its other inputs, or with none; the hooks in here take them
and the padding masks before anything runs, and add the auxiliary losses to the loss of the output.
What they took is kept until the next call, so that a backward pass in between finds it.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from peft import PeftModel
from torch import Tensor, nn
from torch.nn.modules.module import register_module_module_registration_hook
from torch.utils.hooks import RemovableHandle
from transformers.loss.loss_utils import LOSS_MAPPING, ForCausalLMLoss

from seesaw.methods.core.state import RoutingState, TaskIds, in_backward, routing

TASK_IDS = "task_ids"
IGNORED = -100
"""The label of tokens that have no part in a loss, as transformers has it."""


class DroppedLoss(UserWarning):
    """Auxiliary losses that were not part of what was trained."""


def listen(model: nn.Module, state: RoutingState) -> list[RemovableHandle]:
    """Hook `model`, the backbone with adapters in it, so that its inputs set `state`."""
    # partials, unlike closures, are copied with the model
    if hasattr(model, "generate"):
        vars(model)["generate"] = partial(_generate, model, state)
    return [
        model.register_forward_pre_hook(partial(_begin, state), with_kwargs=True),
        model.register_forward_hook(partial(_end, state), with_kwargs=True),
    ]


def stop_listening(model: nn.Module, hooks: list[RemovableHandle]) -> None:
    """Undo `listen`."""
    for hook in hooks:
        hook.remove()
    vars(model).pop("generate", None)


def _generate(
    model: Any, state: RoutingState, *args: Any, task_ids: TaskIds | None = None, **options: Any
) -> Any:
    """The model's own `generate`, whose examples belong to the tasks `task_ids` (batch,)."""
    generate = partial(type(model).generate, model)
    if task_ids is None:
        if not state.held:  # an encoder is called by itself, and would find the last batch's
            state.set()
        return generate(*args, **options)
    with routing(model, task_ids):
        return generate(*args, **options)


def _listen_outside(outer: nn.Module, name: str, inner: nn.Module | None) -> None:
    """Hook PEFT's models for one kind of task, which keep `task_ids` to themselves."""
    if not isinstance(outer, PeftModel):
        return
    state = getattr(inner, "routing", None)
    if isinstance(state, RoutingState):
        outer.register_forward_pre_hook(partial(_offer, state), with_kwargs=True)


register_module_module_registration_hook(_listen_outside)


def _offer(state: RoutingState, model: nn.Module, args: Any, inputs: dict[str, Any]) -> Any:
    state.offered = inputs.pop(TASK_IDS, None)
    return args, inputs


def _begin(state: RoutingState, model: nn.Module, args: Any, inputs: dict[str, Any]) -> Any:
    ids, state.offered = inputs.pop(TASK_IDS, state.offered), None
    if in_backward():  # of the batch that is known
        return args, inputs
    if state.held:
        if ids is not None:
            raise ValueError("task_ids are given twice: to the model and to routing(...)")
        return args, inputs
    if state.losses and not state.asked:
        warnings.warn(_dropped(len(state.losses)), DroppedLoss, stacklevel=2)
    told = _named(model, args, inputs)
    state.set(ids, _flat_mask(told, "attention_mask"), _flat_mask(told, "decoder_attention_mask"))
    return args, inputs


def _end(state: RoutingState, model: nn.Module, args: Any, inputs: Any, output: Any) -> Any:
    """Add the auxiliary losses to the loss in `output`, by the share of the batch in the step."""
    if state.held or in_backward():
        return None
    if not torch.is_grad_enabled():
        state.set()  # no backward pass will ask
    if not state.losses:
        return None
    loss = getattr(output, "loss", None)
    if loss is None:
        return None  # the caller computes it, and may ask for the auxiliary ones
    output.loss = loss + _share(model, inputs) * state.auxiliary_loss()
    state.losses = []
    return output


def _share(model: nn.Module, inputs: Mapping[str, Any]) -> Any:
    """Which part of a step's items this batch has; a Trainer that accumulates says how many."""
    items, labels = inputs.get("num_items_in_batch"), inputs.get("labels")
    if items is None or not isinstance(labels, Tensor):
        return 1.0
    encodes = getattr(getattr(model, "config", None), "is_encoder_decoder", False)
    shifted = LOSS_MAPPING.get(getattr(model, "loss_type", None)) is ForCausalLMLoss and not encodes
    own = inputs.get("shift_labels", labels[..., 1:] if shifted else labels)
    return own.ne(IGNORED).sum() / items


def _named(model: nn.Module, args: Any, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs by name, also those given by position."""
    if not args:
        return inputs
    names = list(inspect.signature(model.forward).parameters)
    return {**dict(zip(names, args, strict=False)), **inputs}


def _flat_mask(inputs: Mapping[str, Any], name: str) -> Tensor | None:
    mask = inputs.get(name)
    return mask if isinstance(mask, Tensor) and mask.dim() == 2 else None


def _dropped(count: int) -> str:
    return (
        f"{count} auxiliary losses of adapters were left out: the output had no loss to add them "
        "to, and nobody asked for routing_state(model).auxiliary_loss()"
    )
