"""Multi-task low-rank adapters as PEFT tuners, usable with or without the suite."""

from methods.registry import get_method, method_names
from methods.smora import SMoRAConfig
from methods.state import routing, routing_state
from methods.tuner import after_step

__all__ = [
    "SMoRAConfig",
    "after_step",
    "get_method",
    "method_names",
    "routing",
    "routing_state",
]
