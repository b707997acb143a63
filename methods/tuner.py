"""All the PEFT plumbing: one tuner for the whole family of gated methods."""

from __future__ import annotations

from functools import partial
from typing import Any

import peft.mapping
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from torch import Tensor, nn

from methods.gated import Gated, GatedConfig
from methods.state import RoutingState

SLOT = "seesaw_adapter"


class GatedLinear(nn.Module, BaseTunerLayer):
    """A frozen linear with one gated update per adapter name beside it."""

    adapter_layer_names = (SLOT,)
    # PEFT's mixin shadows what nn.Module says about attributes
    base_layer: Any
    seesaw_adapter: Any
    _active_adapter: Any

    def __init__(self, base_layer: nn.Module, place: str, routing: RoutingState) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.place, self.routing = place, routing
        self.seesaw_adapter = nn.ModuleDict()
        self._disable_adapters = False
        self.merged_adapters: list[str] = []

    def update_layer(
        self, adapter_name: str, config: GatedConfig, shared: nn.Module | None, owner: bool
    ) -> None:
        """Add (or replace) the adapter `adapter_name`."""
        base: Any = self.get_base_layer()
        adapter = config.build(self.place, base.in_features, base.out_features)
        if shared is not None:
            adapter.share(shared, owner)
        self.seesaw_adapter[adapter_name] = adapter
        self._move_adapter_to_device_of_base_layer(adapter_name)
        BaseTunerLayer.set_adapter(self, self.active_adapters, inference_mode=config.inference_mode)

    def uses(self, adapter_name: str) -> bool:
        """Whether the adapter acts now."""
        return not self.disable_adapters and adapter_name in self.active_adapters

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """The frozen output plus the update of every active adapter."""
        y = self.base_layer(x, *args, **kwargs)
        if not self.disable_adapters:
            for name in self.active_adapters:
                if name in self.seesaw_adapter:
                    y = self.seesaw_adapter[name](y, x, self.routing)
        return y

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        """Raise: no one weight is right for all tokens, or for all tasks."""
        config = next(iter(self.seesaw_adapter.values())).config
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
        owner, self.owner_is_next = self.owner_is_next, False
        if isinstance(target, GatedLinear):
            target.update_layer(adapter_name, config, self.shared, owner)
            return
        base = target.get_base_layer() if isinstance(target, BaseTunerLayer) else target
        if not (hasattr(base, "in_features") and hasattr(base, "out_features")):
            raise TypeError(
                f"target_modules matches {current_key}, a {type(base).__name__}; "
                f"{config.name} adapts linear layers"
            )
        layer = GatedLinear(target, current_key, self.routing)
        layer._active_adapter = adapter_name
        layer.update_layer(adapter_name, config, self.shared, owner)
        if owner and hasattr(self.shared, "attach"):
            self.shared.attach(self.model, self.routing, partial(layer.uses, adapter_name))
        self.routing.places += 1
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)

    @classmethod
    def _remove_adapter_name_from_key(cls, key: str, adapter_name: str) -> str:
        return key.replace(f".{SLOT}.{adapter_name}.", f".{SLOT}.")


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
