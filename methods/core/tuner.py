"""All the PEFT plumbing: one tuner for the whole family of gated methods."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import peft.mapping
from peft import PeftType
from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from torch import nn

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.inputs_told import listen, stop_listening
from seesaw.methods.core.linear import SLOTS, GatedLinear, features, stack_of
from seesaw.methods.core.shared import Shared
from seesaw.methods.core.state import RoutingState, routing_state


@dataclass
class Adding:
    """An adapter that is being added: what its places share, and those there are already."""

    shared: Shared | None
    own: list[Gated] = field(default_factory=list)


class GatedTuner(BaseTuner):
    """PEFT tuner of every method built on the gated primitive.

    `routing` is the state that all layers of the model share, whichever adapter they belong to.
    """

    prefix = "seesaw_"
    tuner_layer_cls = GatedLinear
    target_module_mapping = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING  # type: ignore[assignment]

    def _pre_injection_hook(self, model: nn.Module, config: Any, adapter_name: str) -> None:
        found = routing_state(model)
        self.routing = found or RoutingState()
        self.listeners = [] if found else listen(model, self.routing)

    def inject_adapter(
        self, model: nn.Module, adapter_name: str, *args: Any, **options: Any
    ) -> None:
        """Add an adapter to `model`, the first as well as every later one; see PEFT.

        Raises:
            ValueError: it does not fit; then the model is as it was before.
        """
        try:
            self.adding = Adding(self.peft_config[adapter_name].build_shared(model))
            super().inject_adapter(model, adapter_name, *args, **options)
        except Exception:
            self._withdraw(model, adapter_name)
            raise
        for own in self.adding.own:
            own.places = len(self.adding.own)
        del self.adding

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
        try:
            features(base)
        except ValueError as error:
            raise ValueError(
                f"target_modules matches {current_key}: {error}; {config.name} adapts linear layers"
            ) from None
        stack = stack_of(self.model, current_key)
        layer = GatedLinear(target, current_key, self.routing, stack)
        layer._active_adapter = adapter_name
        self._replace_module(parent, target_name, layer, target)
        self._add(layer, adapter_name, config)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)

    def _add(self, layer: GatedLinear, adapter_name: str, config: Any) -> None:
        """Give `layer` the adapter; the first own update owns what all of them share."""
        own = layer.add_adapter(adapter_name, config, self.model)
        if own is not None:
            adding, acts = self.adding, partial(layer.uses, adapter_name)
            first = not adding.own
            if first and config.told_task:
                self.routing.told[adapter_name] = acts, config.n_tasks
            if adding.shared is not None:
                own.share(adding.shared, owner=first)
                if first:
                    hooks = adding.shared.attach(self.model, self.routing, acts)
                    layer.keep_hooks(adapter_name, hooks)
            adding.own.append(own)
        layer.settle(adapter_name, config.inference_mode)

    def _withdraw(self, model: nn.Module, adapter_name: str) -> None:
        """Take a half-added adapter out again, and the layers that were made for it."""
        for name, layer in list(model.named_modules()):
            if isinstance(layer, GatedLinear):
                others = [n for n in layer._all_available_adapter_names() if n != adapter_name]
                layer.delete_adapter(adapter_name)
                if not others:
                    parent = model.get_submodule(name.rpartition(".")[0])
                    setattr(parent, name.rpartition(".")[2], layer.base_layer)
        self.peft_config.pop(adapter_name, None)
        if routing_state(model) is None:
            stop_listening(model, self.listeners)

    def _enable_peft_forward_hooks(self, *_: Any, **inputs: Any) -> AbstractContextManager[None]:
        """Refuse what PEFT's LoRA does with `adapter_names`.

        Raises:
            ValueError: examples of one batch are meant for adapters of their own.
        """
        if inputs.get("adapter_names") is not None:
            raise ValueError("adapter_names: gated adapters do not mix within one batch")
        return nullcontext()

    def unload(self) -> nn.Module:
        """The backbone as it was before there were adapters."""
        for module in self.model.modules():
            if isinstance(module, GatedLinear):
                module.release()
        stop_listening(self.model, self.listeners)
        backbone: nn.Module = super().unload()
        return backbone

    @classmethod
    def _remove_adapter_name_from_key(cls, key: str, adapter_name: str) -> str:
        for slot in SLOTS:
            key = key.replace(f".{slot}.{adapter_name}.", f".{slot}.")
        return key


def register_tuner(config_class: type[GatedConfig]) -> None:
    """Make PEFT know the method's config, and transformers with it."""
    member = _peft_type(f"SEESAW_{config_class.name.upper()}")
    config_class.peft_name = member
    peft.mapping.PEFT_TYPE_TO_CONFIG_MAPPING[member] = config_class
    peft.mapping.PEFT_TYPE_TO_TUNER_MAPPING[member] = GatedTuner
    peft.mapping.PEFT_TYPE_TO_PREFIX_MAPPING[member] = GatedTuner.prefix


def _peft_type(name: str) -> PeftType:
    """A member of PEFT's enumeration; it has no way in for others, and asks for `.value`."""
    known: dict[str, Any] = PeftType._member_map_
    if name not in known:
        member = str.__new__(PeftType, name)
        member._name_ = member._value_ = name
        known[name] = PeftType._value2member_map_[name] = member
        PeftType._member_names_.append(name)
    found: PeftType = known[name]
    return found


def after_step(model: nn.Module) -> None:
    """Run the per-step updates of all routed layers.

    They run by themselves after every step of an optimiser of torch's; call it after one of your
    own.
    """
    for module in model.modules():
        if isinstance(module, Gated):
            module.after_step()
