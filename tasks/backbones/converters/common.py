"""What converters share: how weights are written, and what is wrong with a tensor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from seesaw.tasks.backbones.files import WEIGHTS
from seesaw.tasks.task import WeightsError


def write(target: Path, weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write weights and `config.json` into a folder, in an order that depends on nothing else."""
    ordered = {name: weights[name].contiguous() for name in sorted(weights)}
    save_file(ordered, target / WEIGHTS, metadata={"format": "pt"})
    text = json.dumps(config, indent=2, sort_keys=True)
    (target / "config.json").write_text(text + "\n", encoding="utf-8")


def unknown(file: Path, name: str, shape: object) -> WeightsError:
    """The complaint about a tensor that the converter has no place for."""
    return WeightsError(f"{file.name} has a tensor that is not expected: {name} {shape}")


def missing(file: Path, name: str) -> WeightsError:
    """The complaint about a tensor that should be there."""
    return WeightsError(f"{file.name} lacks the tensor {name}")
