"""A T5 with gated GELU out of the quantised ONNX graphs of its encoder and decoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from seesaw.tasks.backbones.converters.common import missing, renamed, write, write_tokenizer
from seesaw.tasks.task import WeightsError

PART = r"(SelfAttention|EncDecAttention|DenseReluDense|layer_norm)"
WITHIN = rf"block\.\d+\.layer\.\d+\.{PART}[\w.]*|final_layer_norm\.weight"
NAMES = {
    rf"enc\.({WITHIN})": r"encoder.\1",
    rf"m\.decoder\.({WITHIN})": r"decoder.\1",
    r"enc\.embed_tokens\.weight|m\.shared\.weight": "shared.weight",
    r"m\.lm_head\.weight": "lm_head.weight",
}
"""Names in the two graphs, and those of transformers."""
LENGTH = 512
SPECIAL = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}


def convert(source: Path, target: Path) -> None:
    """Write what `encoder.onnx`, `decoder.onnx` and `tokenizer.json` in `source` hold."""
    weights: dict[str, Tensor] = {}
    for file in (source / "encoder.onnx", source / "decoder.onnx"):
        for old, value in _dequantised(file):
            name = renamed(file, old, NAMES)
            if name in weights and not torch.equal(weights[name], value):
                raise WeightsError(f"{file.name} has another {name} than encoder.onnx: {old}")
            weights[name] = value
    try:
        config = _config(weights)
    except KeyError as error:
        raise missing(source / "decoder.onnx", error.args[0]) from None
    write(target, weights, config)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    write_tokenizer(target, tokenizer, LENGTH, **SPECIAL)


def _config(weights: dict[str, Tensor]) -> dict[str, object]:
    """What the shapes say; the head is its own, so embeddings are not tied to it."""
    bias = weights["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    query = weights["encoder.block.0.layer.0.SelfAttention.q.weight"]
    vocabulary, width = weights["lm_head.weight"].shape
    depths = {
        side: len({name.split(".")[2] for name in weights if name.startswith(f"{side}.block.")})
        for side in ("encoder", "decoder")
    }
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "vocab_size": vocabulary,
        "d_model": width,
        "d_kv": len(query) // bias.shape[1],
        "d_ff": len(weights["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"]),
        "num_layers": depths["encoder"],
        "num_decoder_layers": depths["decoder"],
        "num_heads": bias.shape[1],
        "relative_attention_num_buckets": bias.shape[0],
        "relative_attention_max_distance": 128,
        "feed_forward_proj": "gated-gelu",
        "layer_norm_epsilon": 1e-6,
        "dropout_rate": 0.1,
        "tie_word_embeddings": False,
        "decoder_start_token_id": 0,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }


def _dequantised(file: Path) -> Iterator[tuple[str, Tensor]]:
    """Weights as (q - zero point) * scale; one without a name is called as the node it is in."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    readers = {name: node for node in graph.node for name in node.input}
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for key in list(arrays):
        name = key.removesuffix("_quantized")
        if name != key:
            scale, zero = arrays[f"{name}_scale"], arrays[f"{name}_zero_point"]
            value = (arrays[key].astype("float32") - zero.astype("float32")) * scale
        elif not key.endswith(("_scale", "_zero_point")):
            value = arrays[key]
        else:
            continue
        node = readers.get(key)
        if name.startswith("onnx::") and node is not None:
            name = node.name.strip("/").replace("/", ".")
            name, value = name.removesuffix("MatMul_quant") + "weight", value.T
        yield name, torch.from_numpy(value.copy())
