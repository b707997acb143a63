"""A Llama with a byte-level BPE out of a GGUF file, dequantised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from seesaw.tasks.backbones.converters.common import renamed, write, write_tokenizer
from seesaw.tasks.task import WeightsError

BLOCK, LAYER = r"blk\.(\d+)", r"model.layers.\1"
NAMES = {
    r"token_embd\.weight": "model.embed_tokens.weight",
    r"output_norm\.weight": "model.norm.weight",
    r"output\.weight": "lm_head.weight",
    rf"{BLOCK}\.attn_norm\.weight": rf"{LAYER}.input_layernorm.weight",
    rf"{BLOCK}\.ffn_norm\.weight": rf"{LAYER}.post_attention_layernorm.weight",
    rf"{BLOCK}\.attn_(q|k|v)\.weight": rf"{LAYER}.self_attn.\2_proj.weight",
    rf"{BLOCK}\.attn_output\.weight": rf"{LAYER}.self_attn.o_proj.weight",
    rf"{BLOCK}\.ffn_(gate|up|down)\.weight": rf"{LAYER}.mlp.\2_proj.weight",
}
"""Names in the file, and those of transformers."""
CONTROL = 3
"""The type of special tokens."""


def convert(source: Path, target: Path) -> None:
    """Write model and tokenizer of the file in `source`."""
    from gguf import GGUFReader, dequantize

    (file,) = source.glob("*.gguf")
    reader = GGUFReader(file)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    try:
        config = _config(fields)
        tokenizer = _tokenizer(fields)
    except KeyError as error:
        raise WeightsError(f"{file.name} lacks the field {error.args[0]}") from None
    heads = {"q": config["num_attention_heads"], "k": config["num_key_value_heads"]}
    weights = {}
    for tensor in reader.tensors:
        name = renamed(file, tensor.name, NAMES)
        value = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        count = heads.get(name.removesuffix("_proj.weight").rpartition(".")[2])
        weights[name] = _halves(value, count) if count else value
    config["tie_word_embeddings"] = "lm_head.weight" not in weights
    write(target, weights, config)
    names = ("bos", "eos", "unknown", "padding")
    tokens = [
        fields["tokenizer.ggml.tokens"][fields[f"tokenizer.ggml.{x}_token_id"]] for x in names
    ]
    special = dict(zip(("bos_token", "eos_token", "unk_token", "pad_token"), tokens, strict=True))
    template = fields.get("tokenizer.chat_template")
    length = config["max_position_embeddings"]
    write_tokenizer(target, tokenizer, length, **special, chat_template=template)


def _halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows for rotations of halves, as in transformers; in the file they are for pairs."""
    pairs = weight.view(heads, -1, 2, weight.shape[1])
    return pairs.transpose(1, 2).reshape(weight.shape)


def _config(fields: dict[str, Any]) -> dict[str, Any]:
    own, ids = "llama.", "tokenizer.ggml."
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": fields[f"{own}vocab_size"],
        "hidden_size": fields[f"{own}embedding_length"],
        "intermediate_size": fields[f"{own}feed_forward_length"],
        "num_hidden_layers": fields[f"{own}block_count"],
        "num_attention_heads": fields[f"{own}attention.head_count"],
        "num_key_value_heads": fields[f"{own}attention.head_count_kv"],
        "head_dim": fields[f"{own}rope.dimension_count"],
        "max_position_embeddings": fields[f"{own}context_length"],
        "rope_theta": fields[f"{own}rope.freq_base"],
        "rms_norm_eps": float(f"{fields[f'{own}attention.layer_norm_rms_epsilon']:.7g}"),
        "hidden_act": "silu",
        "bos_token_id": fields[f"{ids}bos_token_id"],
        "eos_token_id": fields[f"{ids}eos_token_id"],
        "pad_token_id": fields[f"{ids}padding_token_id"],
    }


def _tokenizer(fields: dict[str, Any]) -> Tokenizer:
    """The BPE, with text cut into digits and words before it as SmolLM does.

    Raises:
        WeightsError: the file wants text to be cut in another way.
    """
    if (cut := fields["tokenizer.ggml.pre"]) != "smollm":
        raise WeightsError(f"tokenizer.ggml.pre is {cut!r}; only 'smollm' can be converted")
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    found = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)]
    )
    found.decoder = decoders.ByteLevel()
    types = zip(tokens, fields["tokenizer.ggml.token_type"], strict=True)
    special = [AddedToken(token, special=True) for token, kind in types if kind == CONTROL]
    found.add_special_tokens(special)
    return found
