"""A specimen of every method: tiny random models, a batch, and the method put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel
from transformers.modeling_outputs import BaseModelOutput

from seesaw.methods import routing
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Placement
from seesaw.methods.core.state import RoutingState

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


class TwoLinears(nn.Module):
    """Token embeddings and two frozen linears, one tanh between them: little code to compile."""

    embed_dim: int = SMALL["hidden_size"]

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            self.words = nn.Embedding(SMALL["vocab_size"], self.embed_dim)
            inner = nn.Linear(self.embed_dim, self.embed_dim)
            outer = nn.Linear(self.embed_dim, SMALL["intermediate_size"])
            self.layer = nn.ModuleDict({"query": inner, "dense": outer})
        self.requires_grad_(False)

    def get_input_embeddings(self) -> nn.Module:
        """As transformers' models have it."""
        return self.words

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> BaseModelOutput:
        """Hidden states (batch, length, width)."""
        tokens = self.words(input_ids)
        between = torch.tanh(tokens + self.layer["query"](tokens))
        return BaseModelOutput(last_hidden_state=self.layer["dense"](between))


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


@contextmanager
def routed(
    model: Any, inputs: dict[str, Tensor], tasks: Tensor | None = TASK_IDS
) -> Iterator[RoutingState]:
    """Hold the routing state of a batch, with task ids only if the method declares it is told.

    Usage of gates, while it is recorded, is attributed to the tasks in any case.
    """
    told = any(getattr(c, "told_task", False) for c in model.peft_config.values())
    with routing(model, tasks if told else None, inputs["attention_mask"]) as state:
        yield state
        if state.record_usage:
            state.attribute(tasks, N_TASKS)


def hidden(model: nn.Module, inputs: dict[str, Tensor], tasks: Tensor = TASK_IDS) -> Tensor:
    """Last hidden states under the routing state."""
    with routed(model, inputs, tasks):
        output: Tensor = model(**inputs).last_hidden_state
    return output


def step_gradients(
    model: nn.Module, parts: int = 1, called: Callable[..., Any] | None = None
) -> tuple[dict[str, Tensor], bool]:
    """Gradients of one step's loss in `parts` micro-batches, and whether auxiliary losses came.

    `called` stands in for the model where it is not called itself.
    """
    model.zero_grad()
    run = model if called is None else called
    inputs, auxiliary = batch(), False
    for rows in torch.arange(4).chunk(parts):
        own = {name: value[rows] for name, value in inputs.items()}
        with routed(model, own, TASK_IDS[rows]) as state:
            loss = drawn_loss(run(**own).last_hidden_state, rows)
            auxiliary = auxiliary or bool(state.losses)
            (loss + state.auxiliary_loss() / parts).backward()
    named = model.named_parameters()
    return {name: p.grad.clone() for name, p in named if p.grad is not None}, auxiliary


def drawn_loss(output: Tensor, rows: Tensor) -> Tensor:
    """A drawn linear function of the outputs of the batch's `rows`, always the same.

    Every output has a weight of its own: behind a layer norm a sum or a mean square is constant.
    """
    generator = torch.Generator().manual_seed(5)
    weights = torch.randn(len(TASK_IDS), *output.shape[1:], generator=generator)
    return (output * weights[rows].to(output.dtype)).sum() / len(TASK_IDS)
