"""All the PEFT plumbing: one tuner for the whole family of gated methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import peft.mapping
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from torch import nn
from torch.utils.hooks import RemovableHandle

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.linear import SLOTS, GatedLinear
from seesaw.methods.core.shared import Shared
from seesaw.methods.core.state import RoutingState


@dataclass
class Adapter:
    """One adapter of a model, beyond its layers: its own updates, what they share, its hooks."""

    shared: Shared | None
    own: list[Gated] = field(default_factory=list)
    hooks: list[RemovableHandle] = field(default_factory=list)


class GatedTuner(BaseTuner):
    """PEFT tuner of every method built on the gated primitive.

    `routing` is the state that all layers of the model share, `adapters` holds by name what belongs
    to one adapter alone and goes with it.
    """

    prefix = "seesaw_"
    tuner_layer_cls = GatedLinear
    target_module_mapping = {}  # noqa: RUF012 (PEFT's own attribute)

    def _pre_injection_hook(self, model: nn.Module, config: Any, adapter_name: str) -> None:
        self.routing = RoutingState()
        self.adapters: dict[str, Adapter] = {}

    def inject_adapter(
        self, model: nn.Module, adapter_name: str, *args: Any, **options: Any
    ) -> None:
        """Add an adapter to `model`, the first as well as every later one; see PEFT."""
        shared = self.peft_config[adapter_name].build_shared(model)
        adapter = self.adapters[adapter_name] = Adapter(shared)
        super().inject_adapter(model, adapter_name, *args, **options)
        for own in adapter.own:
            own.places = len(adapter.own)

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
        """Give `layer` the adapter; the first own update owns what all of them share."""
        own = layer.add_adapter(adapter_name, config, self.model)
        if own is not None:
            adapter, acts = self.adapters[adapter_name], partial(layer.uses, adapter_name)
            if not adapter.own and config.told_task:
                self.routing.told[adapter_name] = acts, config.n_tasks
            if adapter.shared is not None:
                own.share(adapter.shared, owner=not adapter.own)
                if not adapter.own:
                    adapter.hooks += adapter.shared.attach(self.model, self.routing, acts)
            adapter.own.append(own)
        layer.settle(adapter_name, config.inference_mode)

    def delete_adapter(self, adapter_name: str) -> None:
        """Delete an adapter with all it put into the model."""
        super().delete_adapter(adapter_name)
        self._forget(adapter_name)

    def unload(self) -> nn.Module:
        """The backbone as it was before there were adapters."""
        for name in list(self.adapters):
            self._forget(name)
        for module in self.model.modules():
            if isinstance(module, GatedLinear):
                module.stop_reading()
        backbone: nn.Module = super().unload()
        return backbone

    def _forget(self, adapter_name: str) -> None:
        for hook in self.adapters.pop(adapter_name).hooks:
            hook.remove()
        self.routing.told.pop(adapter_name, None)

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
