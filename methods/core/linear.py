"""A linear layer of the backbone with the updates of its adapters beside it."""

from __future__ import annotations

from functools import partial
from typing import Any

from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.placement import Place
from seesaw.methods.core.plain import plain_beside
from seesaw.methods.core.state import RoutingState

SLOTS = ("seesaw_adapter", "seesaw_backbone")


class GatedLinear(nn.Module, BaseTunerLayer):
    """A frozen linear with one gated update per adapter name beside it.

    `name` is the linear's in the backbone. `seesaw_adapter` holds a method's own updates,
    `seesaw_backbone` the plain LoRA some placements have besides. `inputs` are those of other
    linears that updates read, kept until they run, and `readers` the hooks that keep them.
    """

    adapter_layer_names = SLOTS
    # PEFT's mixin shadows what nn.Module says about attributes
    base_layer: Any
    seesaw_adapter: Any
    seesaw_backbone: Any
    _active_adapter: Any

    def __init__(self, base_layer: nn.Module, name: str, routing: RoutingState) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.name, self.routing = name, routing
        self.seesaw_adapter, self.seesaw_backbone = nn.ModuleDict(), nn.ModuleDict()
        self.inputs: dict[str, Tensor] = {}
        self.readers: dict[str, RemovableHandle] = {}
        self._disable_adapters = False
        self.merged_adapters: list[str] = []

    def add_adapter(self, adapter_name: str, config: GatedConfig, model: nn.Module) -> Gated | None:
        """Add `adapter_name`; returns the method's own update if it has one here."""
        base: Any = self.get_base_layer()
        linear, pair = Place.at(self.name), Place.paired(self.name, config.reads)
        d_in, d_out = int(base.in_features), int(base.out_features)
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
        self.readers[adapter_name] = layer.register_forward_pre_hook(hook)
        return int(layer.in_features)

    def keep_input(self, adapter_name: str, module: nn.Module, inputs: Any) -> None:
        """The hook on the linear whose input an update reads."""
        if self.uses(adapter_name):
            self.inputs[adapter_name] = inputs[0]

    def stop_reading(self, *adapter_names: str) -> None:
        """Take the hooks of some adapters away, or of all."""
        for name in adapter_names or tuple(self.readers):
            if name in self.readers:
                self.readers.pop(name).remove()
            self.inputs.pop(name, None)

    def delete_adapter(self, adapter_name: str) -> None:
        """Delete the updates of an adapter, and the hooks they read through."""
        super().delete_adapter(adapter_name)
        self.stop_reading(adapter_name)

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
            for name in self.active_adapters:
                if name in self.seesaw_backbone:
                    y = self.seesaw_backbone[name](y, x, self.routing)
                if name in self.seesaw_adapter:
                    own = self.inputs.pop(name) if name in self.readers else x
                    y = self.seesaw_adapter[name](y, own, self.routing)
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
