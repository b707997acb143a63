"""Prompts and answers as tokens, split where lm-eval splits them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from seesaw.tasks.task import DataError

IGNORED = -100
"""Label of tokens that are not learnt."""


@dataclass
class Encoder:
    """Text to token ids for one backbone, with prompts cut to fit `max_length`.

    A prompt that is too long loses its left end, an answer nothing; `cut` holds those that did, by
    split.
    """

    tokenizer: Any
    max_length: int
    encoder_decoder: bool
    cut: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        if self.tokenizer.pad_token_id is None or self.tokenizer.eos_token_id is None:
            which = "padding" if self.tokenizer.pad_token_id is None else "end"
            raise DataError(
                f"the tokenizer {self.tokenizer.name_or_path!r} has no {which} token; batches of "
                "answers need one: set pad_token and eos_token in its tokenizer_config.json"
            )

    def prompt(self, text: str, room: int, split: str) -> list[int]:
        """A prompt that is generated from, with `room` tokens left."""
        space = self.max_length - (0 if self.encoder_decoder else room)
        return self._fitted(text, self.tokenizer.encode(text), space, split)

    def pair(self, prompt: str, answer: str, split: str, end: bool) -> tuple[list[int], list[int]]:
        """A prompt and its continuation, with the end token if it is to be learnt.

        The answer's tokens are those that both together have more than the prompt alone.
        """
        if self.encoder_decoder:
            ids = self.tokenizer.encode(prompt)
            own = self.tokenizer.encode(answer.strip(), add_special_tokens=False)
        else:
            ids = self.tokenizer.encode(prompt)
            own = self.tokenizer.encode(prompt + answer)[len(ids) :]
        own = own + [self.tokenizer.eos_token_id] * end
        if len(own) >= self.max_length:
            raise DataError(
                f"an answer has {len(own)} tokens, max_length is {self.max_length}: {answer[:60]!r}"
            )
        space = self.max_length - (0 if self.encoder_decoder else len(own))
        return self._fitted(prompt, ids, space, split), own

    def _fitted(self, prompt: str, ids: list[int], space: int, split: str) -> list[int]:
        if len(ids) <= space:
            return ids
        self.cut[split].add(prompt)
        return ids[-space:]

    def padded(
        self, rows: Sequence[Sequence[int]], value: int, left: bool
    ) -> tuple[Tensor, Tensor]:
        """Rows at the length of the longest, (rows, length), and the mask of what is no padding."""
        length = max(map(len, rows))
        filled = torch.full((len(rows), length), value)
        mask = torch.zeros(len(rows), length, dtype=torch.long)
        for index, row in enumerate(rows):
            place = slice(length - len(row), length) if left else slice(0, len(row))
            filled[index, place] = torch.tensor(row)
            mask[index, place] = 1
        return filled, mask
