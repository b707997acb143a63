"""A linear layer of the backbone with the updates of its adapters beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers.pytorch_utils import Conv1D

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.placement import Place
from seesaw.methods.core.plain import plain_beside
from seesaw.methods.core.state import RoutingState, Stack

SLOTS = ("seesaw_adapter", "seesaw_backbone")
CROSS_ATTENTION = re.compile(r"(EncDecAttention|encoder_attn|cross_?attn|crossattention)\b")
"""Modules of transformers in which a decoder reads what the encoder made of the inputs."""
KEYS_AND_VALUES = re.compile(r"\b(k|v|key|value|k_proj|v_proj)$")


def features(linear: nn.Module) -> tuple[int, int]:
    """(d_in, d_out) of a linear layer, or of transformers' `Conv1D`, which has W transposed.

    Raises:
        ValueError: it is neither, or quantised in a way that cannot be trained through.
    """
    if isinstance(linear, Conv1D):
        d_in, d_out = linear.weight.shape
        return d_in, d_out
    if type(linear).__module__.startswith("torch.ao.nn"):
        raise ValueError(
            f"a {type(linear).__name__} of torch.ao has packed weights, which no gradient passes; "
            "quantise with bitsandbytes instead, or not at all"
        )
    sizes: Any = linear
    if not (hasattr(linear, "in_features") and hasattr(linear, "out_features")):
        raise ValueError(f"a {type(linear).__name__} is no linear layer")
    return int(sizes.in_features), int(sizes.out_features)


def stack_of(model: nn.Module, name: str) -> Stack:
    """Whose tokens the linear `name` of `model` reads."""
    if not getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        return "inputs"
    crosses = CROSS_ATTENTION.search(name) and KEYS_AND_VALUES.search(name)
    return "decoder" if "decoder" in name.split(".") and not crosses else "inputs"


class GatedLinear(nn.Module, BaseTunerLayer):
    """A frozen linear with one gated update per adapter name beside it.

    `name` is the linear's in the backbone. `seesaw_adapter` holds a method's own updates,
    `seesaw_backbone` the plain LoRA some placements have besides. `inputs` are those of other
    linears that updates read, kept until they run. `hooks` are what an adapter that has its first
    place here, or reads elsewhere, put into the model; they go with it.
    """

    adapter_layer_names = SLOTS
    # PEFT's mixin shadows what nn.Module says about attributes
    base_layer: Any
    seesaw_adapter: Any
    seesaw_backbone: Any
    _active_adapter: Any

    def __init__(
        self, base_layer: nn.Module, name: str, routing: RoutingState, stack: Stack = "inputs"
    ) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.name, self.routing, self.stack = name, routing, stack
        self.in_features, self.out_features = features(self.get_base_layer())
        self.seesaw_adapter, self.seesaw_backbone = nn.ModuleDict(), nn.ModuleDict()
        self.inputs: dict[str, Tensor] = {}
        self.hooks: dict[str, list[RemovableHandle]] = {}
        self._disable_adapters = False
        self.merged_adapters: list[str] = []

    def add_adapter(self, adapter_name: str, config: GatedConfig, model: nn.Module) -> Gated | None:
        """Add `adapter_name`; returns the method's own update if it has one here."""
        linear, pair = Place.at(self.name), Place.paired(self.name, config.reads)
        d_in, d_out = self.in_features, self.out_features
        own = None
        if config.backbone_rank:
            self.seesaw_backbone[adapter_name] = plain_beside(config, linear, d_in, d_out)
        if pair is not None:
            own = config.build(pair, self.read_from(adapter_name, pair, model), d_out)
        elif not config.backbone_rank:
            own = config.build(linear, d_in, d_out)
        if own is not None:
            self.seesaw_adapter[adapter_name] = own
        return own

    def read_from(self, adapter_name: str, place: Place, model: nn.Module) -> int:
        """Keep the inputs of the linear that `place` reads; returns their width.

        Raises:
            ValueError: `model` has no such module.
        """
        try:
            layer: Any = model.get_submodule(place.reads)
        except AttributeError:
            raise ValueError(
                f"reads: {place.writes} shall read {place.reads}, which is not there"
            ) from None
        layer = layer.get_base_layer() if isinstance(layer, BaseTunerLayer) else layer
        # a partial, unlike a closure, is copied with the model
        hook = partial(self.keep_input, adapter_name)
        self.keep_hooks(adapter_name, [layer.register_forward_pre_hook(hook)])
        return features(layer)[0]

    def keep_hooks(self, adapter_name: str, hooks: Iterable[RemovableHandle]) -> None:
        """Hold what an adapter put elsewhere into the model."""
        self.hooks.setdefault(adapter_name, []).extend(hooks)

    def keep_input(self, adapter_name: str, module: nn.Module, inputs: Any) -> None:
        """The hook on the linear whose input an update reads."""
        if self.uses(adapter_name):
            self.inputs[adapter_name] = inputs[0]

    def release(self, *adapter_names: str) -> None:
        """Take away all that some adapters, or else all of them, have outside of this layer."""
        for name in adapter_names or self._all_available_adapter_names():
            for hook in self.hooks.pop(name, []):
                hook.remove()
            self.inputs.pop(name, None)
            self.routing.told.pop(name, None)

    def delete_adapter(self, adapter_name: str) -> None:
        """Delete the updates of an adapter, with all it has elsewhere."""
        super().delete_adapter(adapter_name)
        self.release(adapter_name)

    def settle(self, adapter_name: str, inference_mode: bool) -> None:
        """Put a new adapter on the device of the linear and make it trainable."""
        self._move_adapter_to_device_of_base_layer(adapter_name)
        BaseTunerLayer.set_adapter(self, self.active_adapters, inference_mode=inference_mode)

    def uses(self, adapter_name: str) -> bool:
        """Whether the adapter acts now."""
        return not self.disable_adapters and adapter_name in self.active_adapters

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """The frozen output plus the update of every active adapter."""
        y = self.base_layer(x, *args, **kwargs)
        if not self.disable_adapters:
            self.routing.stack = self.stack
            for name in self.active_adapters:
                if name in self.seesaw_backbone:
                    y = self.seesaw_backbone[name](y, x, self.routing)
                if name in self.seesaw_adapter:
                    update = self.seesaw_adapter[name]
                    read = self.inputs.pop(name) if update.place.beside else x
                    y = update(y, read, self.routing)
        return y

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Raise: no one weight is right for all tokens, or for all tasks."""
        own_updates: dict[str, Gated] = dict(self.seesaw_adapter.items())
        for name in self._get_available_adapters() & {*(adapter_names or self.active_adapters)}:
            own = own_updates.get(name)
            if own is None or own.place.beside:
                raise ValueError(
                    "updates beside blocks cannot be merged: they read another module than they "
                    "write"
                )
            if own.config.merges == "per task":
                reason = "its update differs from task to task"
            else:
                reason = "its gate depends on the token, so there is no one weight to add to"
            raise ValueError(f"{own.config.name} cannot be merged into the base weights: {reason}")

    def unmerge(self) -> None:
        """Nothing to do: these adapters never merge."""
