"""DINOv2 out of an ONNX graph that has it as its backbone, under timm's names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seesaw.tasks.backbones.converters.common import missing, unknown, write

BLOCK = r"encoder\.layer\.(\d+)"
NAMES = {
    r"embeddings\.cls_token": "cls_token",
    r"embeddings\.Concat_6\.weight": "positions.class",
    r"embeddings\.Reshape_1\.weight": "positions.patches",
    r"embeddings\.patch_embeddings\.projection\.(weight|bias)": r"patch_embed.proj.\1",
    rf"{BLOCK}\.(norm[12]|mlp\.fc[12])\.(weight|bias)": r"blocks.\1.\2.\3",
    rf"{BLOCK}\.layer_scale([12])\.lambda1": r"blocks.\1.ls\2.gamma",
    rf"{BLOCK}\.attention\.output\.dense\.(weight|bias)": r"blocks.\1.attn.proj.\2",
    rf"{BLOCK}\.attention\.attention\.(query|key|value)\.(weight|bias)": r"blocks.\1.attn.\2.\3",
    r"layernorm\.(weight|bias)": r"norm.\1",
}
"""Names in the graph, which are those of transformers, and timm's."""
LEFT_OUT = "decoder."
"""The package's own head."""


def convert(source: Path, target: Path) -> None:
    """Write the backbone of the graph in `source`; see the package's docstring."""
    (file,) = source.glob("*.onnx")
    weights = {}
    for name, value in _named(file):
        weights[_timm(file, name, value)] = value
    positions = ("positions.class", "positions.patches")
    try:
        weights["pos_embed"] = torch.cat([weights.pop(name) for name in positions], 1)
        depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
        for block in range(depth):
            for kind in ("weight", "bias"):
                parts = [f"blocks.{block}.attn.{x}.{kind}" for x in ("query", "key", "value")]
                joined = torch.cat([weights.pop(name) for name in parts])
                weights[f"blocks.{block}.attn.qkv.{kind}"] = joined
    except KeyError as error:
        raise missing(file, error.args[0]) from None
    write(target, weights, {"architecture": "vit_small_patch14_dinov2", "num_classes": 0})


def _timm(file: Path, name: str, value: Tensor) -> str:
    for pattern, replacement in NAMES.items():
        if match := re.fullmatch(rf"backbone\.{pattern}", name):
            return match.expand(replacement)
    raise unknown(file, name, tuple(value.shape))


def _named(file: Path) -> Iterator[tuple[str, Tensor]]:
    """The backbone's tensors; a constant without a name gets that of the node that reads it."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    readers: dict[str, Any] = {name: node for node in graph.node for name in node.input}
    for tensor in graph.initializer:
        if tensor.name.startswith(LEFT_OUT):
            continue
        value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if tensor.name.startswith("onnx::") and tensor.name in readers:
            node = readers[tensor.name]
            path = node.name.removeprefix("/").replace("/", ".").removesuffix(".MatMul")
            yield f"{path}.weight", value.T if node.op_type == "MatMul" else value
        else:
            yield tensor.name, value
