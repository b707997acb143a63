"""Language models as they are loaded: a T5's head is its own, or is its embeddings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from lms import tiny_t5
from safetensors.torch import load_file, save_file
from torch import Tensor

from seesaw.tasks.backbones import language


def hidden_and_logits(model: Any) -> tuple[Tensor, Tensor]:
    """What the head of a T5 reads and writes."""
    tokens = torch.tensor([[3, 4, 5]])
    with torch.no_grad():
        found = model(input_ids=tokens, decoder_input_ids=tokens, output_hidden_states=True)
    return found.decoder_hidden_states[-1], found.logits


def test_a_head_that_is_in_the_file_is_not_tied_to_the_embeddings(tmp_path: Path) -> None:
    folder = tiny_t5(tmp_path, ["a b c d"], feed_forward_proj="gated-gelu")
    config = json.loads((folder / "config.json").read_text())
    config.pop("scale_decoder_outputs", None)
    (folder / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    weights = load_file(folder / "model.safetensors")
    head = torch.randn_like(weights["shared.weight"])
    weights |= {"lm_head.weight": head}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    model: Any = language.load(folder)
    assert torch.equal(model.lm_head.weight, head)
    for embedded in (model.shared, model.encoder.embed_tokens, model.decoder.embed_tokens):
        assert torch.equal(embedded.weight, weights["shared.weight"])
    hidden, logits = hidden_and_logits(model)
    torch.testing.assert_close(logits, hidden @ head.T)
    model.tie_weights()  # as libraries do that take a model over
    assert torch.equal(model.lm_head.weight, head)


def test_without_one_the_embeddings_are_the_head_and_logits_are_scaled(tmp_path: Path) -> None:
    folder = tiny_t5(tmp_path, ["a b c d"])
    weights = load_file(folder / "model.safetensors")
    assert "lm_head.weight" not in weights
    model: Any = language.load(folder)
    assert torch.equal(model.lm_head.weight, weights["shared.weight"])
    hidden, logits = hidden_and_logits(model)
    torch.testing.assert_close(logits, hidden * 32**-0.5 @ weights["shared.weight"].T)
