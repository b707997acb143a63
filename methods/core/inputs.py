"""Where the tokens of a backbone come from, and how a batch is repeated for several tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.expand import per_token
from seesaw.methods.core.parameters import Parameters, Role
from seesaw.methods.core.placement import Shapes
from seesaw.methods.core.shared import Shared
from seesaw.methods.core.state import RoutingState


def input_embedding(model: nn.Module) -> nn.Module:
    """The module whose output is the first (batch, ..., width) of `model`, or of its encoder.

    These are transformers' input embeddings or timm's patches.

    Raises:
        ValueError: `model` has neither.
    """
    reader: Any = model
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        reader = reader.get_encoder()
    if hasattr(reader, "get_input_embeddings"):
        embedding: Any = reader.get_input_embeddings()
    else:
        embedding = getattr(model, "patch_embed", None)
    if not isinstance(embedding, nn.Module):
        raise ValueError(f"{type(model).__name__} has neither input embeddings nor patch_embed")
    return embedding


def input_width(model: nn.Module) -> int:
    """Width of the tokens that come out of `input_embedding`.

    Raises:
        ValueError: see `input_embedding`.
    """
    embedding: Any = input_embedding(model)
    if hasattr(embedding, "embedding_dim"):
        return int(embedding.embedding_dim)
    model_any: Any = model
    width = getattr(model_any, "embed_dim", None)
    return int(model_any.config.hidden_size if width is None else width)


def acts_in(module: nn.Module) -> bool:
    """Whether an adapter acts inside `module`, or something in it is trained."""
    return any(
        _acts(part) or any(p.requires_grad for p in part.parameters(recurse=False))
        for part in module.modules()
    )


def _acts(part: nn.Module) -> bool:
    if not isinstance(part, BaseTunerLayer) or part.disable_adapters:
        return False
    return not part._get_available_adapters().isdisjoint(part.active_adapters)


def repeated(x: Tensor, rows: int) -> Tensor:
    """`x` (batch, ...) as a batch of `rows`, copy after copy; as it is if it has them already.

    Raises:
        ValueError: `rows` is no multiple of the batch.
    """
    if rows % len(x):
        raise ValueError(f"a batch of {len(x)} cannot be repeated to {rows} rows")
    copies = rows // len(x)
    return x if copies == 1 else x.repeat(copies, *[1] * (x.ndim - 1))


class TaskInput(Shared):
    """A task embedding e_t that is added to the tokens of the model's input; zero at the start."""

    roles: Mapping[str, Role] = {"task_embedding": "task_embedding"}

    def __init__(self, config: GatedConfig, model: nn.Module) -> None:
        super().__init__()
        self.name = config.name
        self.task_embedding = nn.Parameter(torch.zeros(config.n_tasks, input_width(model)))

    def attach(
        self, model: nn.Module, state: RoutingState, acts: Callable[[], bool]
    ) -> Sequence[RemovableHandle]:
        """Hook the embeddings of `model`."""
        # partials, unlike closures, are copied with the model
        return (
            input_embedding(model).register_forward_hook(partial(self.add, state, acts)),
            model.register_forward_pre_hook(partial(self.refuse, acts), with_kwargs=True),
        )

    def refuse(
        self, acts: Callable[[], bool], module: nn.Module, args: Any, inputs: Mapping[str, Any]
    ) -> None:
        """The hook on the whole model.

        Raises:
            ValueError: its input goes past the embeddings.
        """
        if acts() and inputs.get("inputs_embeds") is not None:
            raise ValueError(
                f"inputs_embeds: {self.name} adds its task embedding to what the model's own "
                "embeddings give; pass input_ids"
            )

    def add(
        self,
        state: RoutingState,
        acts: Callable[[], bool],
        module: nn.Module,
        inputs: Any,
        output: Tensor,
    ) -> Tensor:
        """The hook: `output` (batch, ..., d) plus e_t.

        Several task ids per example make as many copies of the batch, one after the other.
        """
        if not acts():
            return output
        own = self.task_embedding[state.tasks(self.name)]
        if len(own) > len(output):
            output = repeated(output, len(own))
        return output + per_token(own, output).to(output.dtype)


class TaskInputConfig(GatedConfig):
    """A config whose `input_embedding` says whether the model's input gets a task embedding."""

    input_embedding: bool

    def shared_parameters(self, shapes: Shapes, n_tasks: int) -> Parameters:
        """T d, with d the width of the network's input, which the first place reads."""
        width = next(iter(shapes.values()))[0] if self.input_embedding else 0
        return Parameters(task_embedding=n_tasks * width)

    def build_shared(self, model: nn.Module) -> TaskInput | None:
        """The task embedding."""
        return TaskInput(self, model) if self.input_embedding else None
