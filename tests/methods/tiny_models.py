"""Tiny models of transformers, one per way of building an adapted linear, and adapters in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft import get_peft_model
from torch import Tensor, nn
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    BertConfig,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
)

from seesaw.methods import get_method, method_names
from seesaw.methods.core.config import GatedConfig

VOCABULARY, WIDTH, N_TASKS = 40, 16, 3
TASK_IDS = torch.tensor([0, 2, 1, 0])
GATED = [name for name in method_names() if issubclass(get_method(name), GatedConfig)]
TOLD = [name for name in GATED if get_method(name).told_task]
SIZES: dict[str, Any] = {
    "hidden_size": WIDTH,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
TEXT: dict[str, Any] = {**SIZES, "vocab_size": VOCABULARY, "max_position_embeddings": 32}


def _bart() -> nn.Module:
    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=VOCABULARY,
            d_model=WIDTH,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=24,
            decoder_ffn_dim=24,
            max_position_embeddings=32,
            dropout=0.0,
        )
    )


def _gpt2() -> nn.Module:
    sizes: Any = {"n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": 32}
    return GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **sizes))


def _opt() -> nn.Module:
    sizes = {k: v for k, v in TEXT.items() if k != "intermediate_size"}
    return OPTForCausalLM(OPTConfig(**sizes, ffn_dim=24, word_embed_proj_dim=8, dropout=0.0))


def _t5() -> nn.Module:
    sizes: Any = {"d_model": WIDTH, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2}
    return T5ForConditionalGeneration(
        T5Config(vocab_size=VOCABULARY, decoder_start_token_id=0, **sizes)
    )


MODELS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "bert": (lambda: BertForSequenceClassification(BertConfig(**TEXT)), ["query", "value"]),
    "llama": (lambda: LlamaForCausalLM(LlamaConfig(**TEXT)), ["q_proj", "down_proj"]),
    "gpt2": (_gpt2, ["c_attn", "c_fc"]),
    "opt": (_opt, ["q_proj", "fc2"]),
    "t5": (_t5, ["q", "v", "wo"]),
    "bart": (_bart, ["q_proj", "v_proj", "fc1"]),
    "vit": (
        lambda: ViTForImageClassification(ViTConfig(**SIZES, image_size=16, patch_size=8)),
        ["q_proj", "v_proj"],
    ),
}
"""How to make each architecture, and which of its linears are adapted."""
TEXT_MODELS = [name for name in MODELS if name != "vit"]


def base(arch: str) -> Any:
    """The model, the same at every call, without dropout, its weights large enough to matter."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = MODELS[arch][0]()
        for parameter in model.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.2)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return model.eval()


def config(name: str, arch: str, **changes: Any) -> Any:
    """A small config of the method for the linears of the architecture."""
    method: Any = get_method(name)
    told = {"n_tasks": N_TASKS} if name in TOLD else {}
    sizes: dict[str, Any] = {"r": 12, "target_modules": MODELS[arch][1], **told, **changes}
    if hasattr(method, "experts"):
        sizes.setdefault("experts", 4)
    if name == "ase":
        sizes.setdefault("sparse", 2)
    if hasattr(method, "balance"):
        sizes.setdefault("balance", 0.1)
    if name == "malora":
        sizes.setdefault("subspace", 4)
    return method(**sizes)


def adapted(name: str, arch: str, model: Any = None, **changes: Any) -> Any:
    """The model with the adapter in it, its trained parameters drawn, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = get_peft_model(
            base(arch) if model is None else model, config(name, arch, **changes)
        )
    draw(model)
    return model.eval()


def draw(model: nn.Module, seed: int = 1) -> None:
    """Give all trained parameters values, so that the adapters do something."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_((0.1 * noise).to(parameter.dtype))


def inputs(arch: str, padded: bool = True) -> dict[str, Tensor]:
    """Four examples with labels, the first of them padded by two tokens at its end."""
    generator = torch.Generator().manual_seed(0)
    if arch == "vit":
        pixels = torch.randn(4, 3, 16, 16, generator=generator)
        return {"pixel_values": pixels, "labels": torch.tensor([0, 1, 0, 1])}
    ids = torch.randint(3, VOCABULARY, (4, 6), generator=generator)
    mask = torch.ones_like(ids)
    if padded:
        mask[0, -2:] = 0
    labels = torch.tensor([0, 1, 0, 1]) if arch == "bert" else ids.masked_fill(mask == 0, -100)
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def told(name: str) -> dict[str, Tensor]:
    """The task ids, for methods that are told them."""
    return {"task_ids": TASK_IDS} if name in TOLD else {}


def logits(model: Any, arch: str, **more: Any) -> Tensor:
    """What the model answers."""
    with torch.no_grad():
        found: Tensor = model(**inputs(arch), **more).logits
    return found


def same(found: Any, wanted: Any) -> None:
    """Complain unless both are the same but for rounding."""
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
