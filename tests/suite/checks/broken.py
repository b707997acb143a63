"""Methods that are each wrong in one way: what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from seesaw.methods.core.gated import Gated
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.plain import PlainConfig
from seesaw.methods.molora import MoLoRA, MoLoRAConfig

CHECKPOINTING = "checkpointing_and_accumulation_change_nothing"
DERIVATIVES = "gradients_are_derivatives"
GENERATION = "generation_is_the_same_alone"


class Broken(NamedTuple):
    """A method, the check that finds it out, the message, and other checks it fails as well."""

    method: type[MethodConfig]
    check: str
    message: str
    also: tuple[str, ...] = ()


BROKEN: list[Broken] = []


def breaks(check: str, message: str, *also: str) -> Any:
    """Decorator of a layer, built by the config of its base, MoLoRA or plain LoRA."""

    def listed(layer: type[Gated]) -> type[Gated]:
        base = MoLoRAConfig if issubclass(layer, MoLoRA) else PlainConfig
        config: Any = type(f"{layer.__name__}Config", (base,), {"layer": layer})
        breaks_as_config(check, message, *also)(dataclass(config))
        return layer

    return listed


def breaks_as_config(check: str, message: str, *also: str) -> Any:
    """Decorator of a config."""

    def listed(config: Any) -> Any:
        config.name = config.__name__.lower()
        BROKEN.append(Broken(config, check, message, also))
        return config

    return listed
