"""Loading frozen text encoders."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from seesaw.tasks.backbones.quiet import quiet


def load_model(folder: Path, meta: bool = False) -> PreTrainedModel:
    """The frozen encoder, without pooler; on the meta device only its shapes.

    Its own dropout is off: what is frozen stays the same function in training.
    """
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    for field, value in config.to_dict().items():
        if "dropout" in field and isinstance(value, float):
            setattr(config, field, 0.0)
    if meta:
        with torch.device("meta"):
            return AutoModel.from_config(config, add_pooling_layer=False).requires_grad_(False)
    with quiet():  # the pooler in the file is left out on purpose
        model = AutoModel.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            add_pooling_layer=False,
            dtype=torch.float32,
        )
    return model.requires_grad_(False).eval()


def load_tokenizer(folder: Path) -> Tokenizer:
    """The backbone's own tokenizer."""
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
