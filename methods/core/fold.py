"""An adapter that is gated by the task as a plain LoRA for one task, which stock PEFT loads."""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from seesaw.methods.core.gated import Gated
from seesaw.methods.core.linear import GatedLinear
from seesaw.methods.core.state import routing


@torch.no_grad()
def plain_lora(model: nn.Module, backbone: nn.Module, task: int = 0) -> PeftModel:
    """PEFT's LoRA on a fresh `backbone`, with the active adapter's update for one task.

    A task-gated update is U diag(g_t) D: one LoRA per task, of the ranks whose gate is not zero.

    Args:
        model: with the adapter in it; it is left as it is.
        backbone: the same network without adapters; the LoRA is put into it.
        task: the id of the task.

    Returns:
        What gives the outputs that `model` gives for this task.

    Raises:
        ValueError: no plain LoRA has the same outputs, since the gate depends on the token or an
            update reads another layer than it writes; or there is no such task.
    """
    pairs: dict[str, tuple[Tensor, Tensor]] = {}
    with routing(model, [task]) as state:
        for module in model.modules():
            if not isinstance(module, GatedLinear):
                continue
            for name in module.active_adapters:
                if name in module.seesaw_backbone or name in module.seesaw_adapter:
                    pairs[module.name] = _foldable(module, name).folded(state)
    if not pairs:
        raise ValueError("model has no active adapter of a method that is gated by the task")
    ranks = {place: down.shape[0] for place, (down, _) in pairs.items()}
    config = LoraConfig(
        r=max(ranks.values()),
        lora_alpha=max(ranks.values()),
        rank_pattern=ranks,
        alpha_pattern=ranks,
        target_modules=list(ranks),
    )
    lora: Any = get_peft_model(backbone, config)
    for place, (down, up) in pairs.items():
        layer = lora.get_submodule(f"base_model.model.{place}")
        layer.lora_A["default"].weight.copy_(down)
        layer.lora_B["default"].weight.copy_(up)
    return lora


def _foldable(module: GatedLinear, adapter_name: str) -> Gated:
    """The update of an adapter at one place, if a LoRA there can do the same.

    Raises:
        ValueError: see `plain_lora`.
    """
    own_updates: dict[str, Gated] = dict(module.seesaw_adapter.items())
    own = own_updates.get(adapter_name)
    if own is None or own.place.beside:
        raise ValueError("an update beside a whole block is no LoRA of one linear")
    if own.config.merges != "per task":
        raise ValueError(
            f"{own.config.name} is routed by the token: no plain LoRA has the same outputs"
        )
    return own
