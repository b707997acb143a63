"""The real packaged backbones, where the user has them: they know what they should."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from seesaw.tasks.backbones import language, text
from seesaw.tasks.backbones.packaged import get_packaged
from seesaw.tasks.backbones.unpacked import is_here, weights_of


def real(name: str) -> Path:
    """The folder of a real one, if the user has it."""
    if not is_here(own := get_packaged(name)):
        pytest.skip(f"{name} is not cached (seesaw backbones fetch {name})")
    return weights_of(own).parent


def counted(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prompt", "answer"),
    [
        ("flan-t5-small-title", "translate English to German: The house is wonderful.", "Das Haus"),
        ("smollm2-135m", "<|im_start|>user\nCapital of France?<|im_end|>\n", "Paris"),
    ],
)
def test_the_real_ones_answer(name: str, prompt: str, answer: str) -> None:
    folder = real(name)
    model, tokenizer = language.load(folder), language.tokenizer(folder)
    assert counted(model) == get_packaged(name).parameters
    given = tokenizer(prompt, return_tensors="pt").input_ids
    said = model.generate(input_ids=given, max_new_tokens=24, do_sample=False)  # type: ignore[operator]
    assert answer in tokenizer.decode(said[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["e5-small-multilingual", "minilm-l6"])
def test_the_real_encoders_know_what_is_alike(name: str) -> None:
    folder = real(name)
    model, tokenizer = text.load_model(folder), text.load_tokenizer(folder)
    assert counted(model) == get_packaged(name).parameters
    found = []
    for said in ("The cat sat on the mat.", "A feline rested on a rug.", "Stock markets fell."):
        given = tokenizer(f"query: {said}", return_tensors="pt")
        with torch.no_grad():
            found.append(model(input_ids=given.input_ids).last_hidden_state.mean(1)[0])
    near, far = (torch.cosine_similarity(found[0], other, 0) for other in found[1:])
    assert near > far + 0.05
