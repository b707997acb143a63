"""What converters share: new names for tensors, and how a folder in the hub's layout is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from seesaw.tasks.backbones.files import WEIGHTS
from seesaw.tasks.task import WeightsError


def renamed(file: Path, name: str, names: Mapping[str, str]) -> str:
    """What the first pattern of `names` that fits a tensor's whole name makes of it.

    Raises:
        WeightsError: none does.
    """
    for pattern, replacement in names.items():
        if match := re.fullmatch(pattern, name):
            return match.expand(replacement)
    raise WeightsError(f"{file.name} has a tensor that is not expected: {name}")


def missing(file: Path, name: str) -> WeightsError:
    """The complaint about a tensor that should be there."""
    return WeightsError(f"{file.name} lacks the tensor {name}")


def write(target: Path, weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write `model.safetensors`, in an order that depends on names alone, and `config.json`."""
    ordered = {name: weights[name].contiguous() for name in sorted(weights)}
    save_file(ordered, target / WEIGHTS, metadata={"format": "pt"})
    write_json(target / "config.json", config)


def write_tokenizer(
    target: Path, tokenizer: Tokenizer, length: int, **settings: str | None
) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`.

    Args:
        target: the folder.
        tokenizer: which is written as it is.
        length: tokens that the model can take.
        settings: special tokens by their role; a chat template.
    """
    tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    known = {name: value for name, value in settings.items() if value is not None}
    known |= {"tokenizer_class": "PreTrainedTokenizerFast"}
    write_json(target / "tokenizer_config.json", {"model_max_length": length, **known})


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it so that the same content is the same bytes."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
