"""All the PEFT plumbing: one tuner for the whole family of gated methods."""

from __future__ import annotations

from functools import partial
from typing import Any

import peft.mapping
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from torch import Tensor, nn

from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.placement import PAIR, read_name
from seesaw.methods.core.state import RoutingState

SLOTS = ("seesaw_adapter", "seesaw_backbone")


class GatedLinear(nn.Module, BaseTunerLayer):
    """A frozen linear with one gated update per adapter name beside it.

    `seesaw_adapter` holds a method's own updates, `seesaw_backbone` the plain LoRA some placements
    have besides. `inputs` are those of other linears that updates read, kept until they run.
    """

    adapter_layer_names = SLOTS
    # PEFT's mixin shadows what nn.Module says about attributes
    base_layer: Any
    seesaw_adapter: Any
    seesaw_backbone: Any
    _active_adapter: Any

    def __init__(self, base_layer: nn.Module, place: str, routing: RoutingState) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.place, self.routing = place, routing
        self.seesaw_adapter, self.seesaw_backbone = nn.ModuleDict(), nn.ModuleDict()
        self.reads: dict[str, str] = {}
        self.inputs: dict[str, Tensor] = {}
        self._disable_adapters = False
        self.merged_adapters: list[str] = []

    def add_adapter(self, adapter_name: str, config: GatedConfig, model: nn.Module) -> Gated | None:
        """Add (or replace) `adapter_name`; returns the method's own update if it has one here."""
        base: Any = self.get_base_layer()
        read = read_name(self.place, config.reads)
        own = None
        if config.backbone_rank:
            shape = (base.in_features, base.out_features)
            self.seesaw_backbone[adapter_name] = config.build_backbone(self.place, *shape)
        if read is not None:
            d_in = self.read_from(adapter_name, read, model)
            own = config.build(read + PAIR + self.place, d_in, base.out_features)
        elif not config.backbone_rank:
            own = config.build(self.place, base.in_features, base.out_features)
        if own is not None:
            self.seesaw_adapter[adapter_name] = own
        return own

    def read_from(self, adapter_name: str, read: str, model: nn.Module) -> int:
        """Keep the inputs of the linear `read` for the adapter; returns their width."""
        try:
            layer: Any = model.get_submodule(read)
        except AttributeError:
            raise ValueError(f"reads: {self.place} shall read {read}, which is not there") from None
        layer = layer.get_base_layer() if isinstance(layer, BaseTunerLayer) else layer
        self.reads[adapter_name] = read
        # a partial, unlike a closure, is copied with the model
        layer.register_forward_pre_hook(partial(self.keep_input, adapter_name))
        return int(layer.in_features)

    def keep_input(self, adapter_name: str, module: nn.Module, inputs: Any) -> None:
        """The hook on the linear whose input an update reads."""
        if self.uses(adapter_name):
            self.inputs[adapter_name] = inputs[0]

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
                    own = self.inputs.pop(name) if name in self.reads else x
                    y = self.seesaw_adapter[name](y, own, self.routing)
        return y

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Raise: no one weight is right for all tokens, or for all tasks."""
        own = next(iter(self.seesaw_adapter.values()), None)
        if own is None or self.reads:
            raise ValueError(
                "updates beside blocks cannot be merged: they read another module than they write"
            )
        config = own.config
        if config.merges == "per task":
            reason = "its update differs from task to task"
        else:
            reason = "its gate depends on the token, so there is no one weight to add to"
        raise ValueError(f"{config.name} cannot be merged into the base weights: {reason}")

    def unmerge(self) -> None:
        """Nothing to do: these adapters never merge."""


class GatedTuner(BaseTuner):
    """PEFT tuner of every method built on `methods.gated`."""

    prefix = "seesaw_"
    tuner_layer_cls = GatedLinear
    target_module_mapping = {}  # noqa: RUF012 (PEFT's own attribute)

    def _pre_injection_hook(self, model: nn.Module, config: Any, adapter_name: str) -> None:
        if not hasattr(self, "routing"):
            self.routing = RoutingState()
        self.shared, self.owner_is_next = config.build_shared(model), True

    def _create_and_replace(  # type: ignore[override]
        self,
        config: Any,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        **_: Any,
    ) -> None:
        if isinstance(target, GatedLinear):
            self._add(target, adapter_name, config)
            return
        base = target.get_base_layer() if isinstance(target, BaseTunerLayer) else target
        if not (hasattr(base, "in_features") and hasattr(base, "out_features")):
            raise TypeError(
                f"target_modules matches {current_key}, a {type(base).__name__}; "
                f"{config.name} adapts linear layers"
            )
        layer = GatedLinear(target, current_key, self.routing)
        layer._active_adapter = adapter_name
        self._add(layer, adapter_name, config)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)

    def _add(self, layer: GatedLinear, adapter_name: str, config: Any) -> None:
        """Give `layer` the adapter; the first own update owns what the whole model shares."""
        own = layer.add_adapter(adapter_name, config, self.model)
        if own is not None:
            self.routing.places += 1
            if config.told_task:
                self.routing.n_tasks = config.n_tasks
            owner, self.owner_is_next = self.owner_is_next, False
            if self.shared is not None:
                own.share(self.shared, owner)
            if owner and hasattr(self.shared, "attach"):
                self.shared.attach(self.model, self.routing, partial(layer.uses, adapter_name))
        layer.settle(adapter_name, config.inference_mode)

    @classmethod
    def _remove_adapter_name_from_key(cls, key: str, adapter_name: str) -> str:
        for slot in SLOTS:
            key = key.replace(f".{slot}.{adapter_name}.", f".{slot}.")
        return key


def register_tuner(config_class: type[GatedConfig]) -> None:
    """Make PEFT know the method's config; the mappings take any string as a key."""
    key: Any = f"SEESAW_{config_class.name.upper()}"
    config_class.peft_name = key
    peft.mapping.PEFT_TYPE_TO_CONFIG_MAPPING[key] = config_class
    peft.mapping.PEFT_TYPE_TO_TUNER_MAPPING[key] = GatedTuner
    peft.mapping.PEFT_TYPE_TO_PREFIX_MAPPING[key] = GatedTuner.prefix


def after_step(model: nn.Module) -> None:
    """Run the per-step updates of all routed layers; call it after every optimiser step."""
    for module in model.modules():
        if isinstance(module, Gated):
            module.after_step()
