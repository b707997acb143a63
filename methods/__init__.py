"""Multi-task low-rank adapters as PEFT tuners, usable with or without the suite.

Importing it makes every method known to PEFT and to transformers.
"""

from seesaw.methods.ase import ASEConfig
from seesaw.methods.controls import LoRAAtRankConfig, MoLoRARandomConfig, MoLoRAUniformConfig
from seesaw.methods.core.fold import plain_lora
from seesaw.methods.core.inputs_told import DroppedLoss
from seesaw.methods.core.state import routing, routing_state
from seesaw.methods.core.tuner import after_step
from seesaw.methods.lora import LoRAConfig
from seesaw.methods.malora import MALoRAConfig
from seesaw.methods.mode import MoDEConfig
from seesaw.methods.moelora import MOELoRAConfig
from seesaw.methods.molora import MoLoRAConfig
from seesaw.methods.more import MoREConfig
from seesaw.methods.per_task import LoRAPerTaskConfig, LoRAPerTaskFullConfig
from seesaw.methods.registry import get_method, method_names
from seesaw.methods.smora import SMoRAConfig

__all__ = [
    "ASEConfig",
    "DroppedLoss",
    "LoRAAtRankConfig",
    "LoRAConfig",
    "LoRAPerTaskConfig",
    "LoRAPerTaskFullConfig",
    "MALoRAConfig",
    "MOELoRAConfig",
    "MoDEConfig",
    "MoLoRAConfig",
    "MoLoRARandomConfig",
    "MoLoRAUniformConfig",
    "MoREConfig",
    "SMoRAConfig",
    "after_step",
    "get_method",
    "method_names",
    "plain_lora",
    "routing",
    "routing_state",
]
