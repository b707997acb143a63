"""A specimen of every method: tiny random models, a batch, and the method put into them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from seesaw.methods import routing
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Placement

N_TASKS = 3
TASK_IDS = torch.tensor([0, 1, 2, 0])
LINEARS = Placement(r".*\.(query|key|value|dense|(q|k|v|o|gate|up|down)_proj)")


SMALL: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "initializer_range": 0.3,
}
"""Of the encoder and of the causal LM."""


def encoder() -> BertModel:
    """A random BERT of two layers and width 24, always the same, without dropout."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        config = BertConfig(
            **SMALL,
            max_position_embeddings=32,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        return BertModel(config, add_pooling_layer=False).requires_grad_(False).eval()


def configured(method: type[MethodConfig]) -> Any:
    """A config of rank 8 or a little more, as a track would ask for it."""
    config = method().placed(LINEARS, 0.0, N_TASKS)
    return next(size for size in config.sizes() if size.r >= 8 or size.fixed_size).scaled(2.0)


def adapted(method: type[MethodConfig], base: nn.Module, moved: bool = True) -> Any:
    """`base` with the method in it, its parameters moved away from their start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model = configured(method).adapt(base)
        for parameter in model.parameters():
            if moved and parameter.requires_grad:
                nn.init.normal_(parameter, std=0.1)
    return model


def batch() -> dict[str, Tensor]:
    """Token ids (4, 9) and mask, with padding at different lengths."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 50, (4, 9), generator=generator)
    mask = (torch.arange(9) < torch.tensor([[6], [7], [8], [9]])).long()
    return {"input_ids": ids * mask, "attention_mask": mask}


def hidden(model: nn.Module, inputs: dict[str, Tensor], tasks: Tensor = TASK_IDS) -> Tensor:
    """Last hidden states under the routing state."""
    with routing(model, tasks, inputs["attention_mask"]):
        output: Tensor = model(**inputs).last_hidden_state
    return output
