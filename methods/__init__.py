"""Multi-task low-rank adapters as PEFT tuners, usable with or without the suite."""

from seesaw.methods.core.state import routing, routing_state
from seesaw.methods.core.tuner import after_step
from seesaw.methods.registry import get_method, method_names
from seesaw.methods.smora import SMoRAConfig

__all__ = [
    "SMoRAConfig",
    "after_step",
    "get_method",
    "method_names",
    "routing",
    "routing_state",
]
