"""Loading frozen text encoders."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers.utils import logging


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
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # the pooler in the file is left out on purpose
    logging.disable_progress_bar()
    try:
        model = AutoModel.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            add_pooling_layer=False,
            dtype=torch.float32,
        )
    finally:
        logging.set_verbosity(verbosity)
    return model.requires_grad_(False).eval()


def load_tokenizer(folder: Path) -> Tokenizer:
    """The backbone's own tokenizer."""
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
