"""lm-eval's transformers model with the routing state in it; importing this takes seconds."""

from __future__ import annotations

from typing import Any

import torch
from lm_eval.models.huggingface import HFLM
from torch import Tensor

from seesaw.methods import routing


class RoutedLM(HFLM):
    """Holds the routing state around every call of the model, all examples of one task.

    Args:
        pretrained: as in lm-eval.
        task: id of the task; None for methods that are not told it.
        options: lm-eval's.
    """

    def __init__(self, pretrained: Any, task: int | None = None, **options: Any) -> None:
        super().__init__(pretrained=pretrained, **options)
        self.task = task

    def _ids(self, rows: int) -> Tensor | None:
        if self.task is None:
            return None
        return torch.full((rows,), self.task, device=self.device)

    def _model_call(self, inps: Tensor, *args: Any, **options: Any) -> Tensor:
        with routing(self.model, self._ids(len(inps))):
            logits: Tensor = super()._model_call(inps, *args, **options)
            return logits

    def _model_generate(
        self, context: Tensor, max_length: int, stop: list[str], **options: Any
    ) -> Tensor:
        if self.backend == "seq2seq":
            # lm-eval counts the prompt in; a decoder's output begins with one token of its own
            max_length += 1 - context.shape[1]
        with routing(self.model, self._ids(len(context))):
            ids: Tensor = super()._model_generate(context, max_length, stop, **options)
            return ids
