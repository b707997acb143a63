"""DINOv2 out of an ONNX graph that has it as its backbone, under timm's names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from seesaw.tasks.backbones.converters.common import missing, renamed, write

BLOCK = r"backbone\.encoder\.layer\.(\d+)"
NAMES = {
    r"backbone\.embeddings\.cls_token": "cls_token",
    r"backbone\.embeddings\.Concat_6": "class position",
    r"backbone\.embeddings\.Reshape_1": "patch positions",
    r"backbone\.embeddings\.patch_embeddings\.projection\.(\w+)": r"patch_embed.proj.\1",
    rf"{BLOCK}\.(norm[12]|mlp\.fc[12])\.(\w+)": r"blocks.\1.\2.\3",
    rf"{BLOCK}\.layer_scale([12])\.lambda1": r"blocks.\1.ls\2.gamma",
    rf"{BLOCK}\.attention\.output\.dense\.(\w+)": r"blocks.\1.attn.proj.\2",
    rf"{BLOCK}\.attention\.attention\.(query|key|value)\.(\w+)": r"blocks.\1.attn.\2.\3",
    r"backbone\.layernorm\.(\w+)": r"norm.\1",
}
"""Names in the graph, which are those of transformers, and timm's."""
LEFT_OUT = "decoder."
"""The package's own head."""


def convert(source: Path, target: Path) -> None:
    """Write the backbone of the graph in `source`."""
    (file,) = source.glob("*.onnx")
    weights = {renamed(file, name, NAMES): value for name, value in _named(file)}
    depth = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    joins = {"pos_embed": (["class position", "patch positions"], 1)}
    for block in range(depth):
        for kind in ("weight", "bias"):
            parts = [f"blocks.{block}.attn.{part}.{kind}" for part in ("query", "key", "value")]
            joins[f"blocks.{block}.attn.qkv.{kind}"] = (parts, 0)
    for name, (parts, axis) in joins.items():
        if absent := [part for part in parts if part not in weights]:
            raise missing(file, absent[0])
        weights[name] = torch.cat([weights.pop(part) for part in parts], axis)
    write(target, weights, {"architecture": "vit_small_patch14_dinov2", "num_classes": 0})


def _named(file: Path) -> Iterator[tuple[str, Tensor]]:
    """The backbone's tensors; a constant without a name is called as the node that reads it."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    readers = {name: node for node in graph.node for name in node.input}
    for tensor in graph.initializer:
        name, node = tensor.name, readers.get(tensor.name)
        if name.startswith(LEFT_OUT):
            continue
        value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
        if name.startswith("onnx::") and node is not None:
            name = node.name.strip("/").replace("/", ".")
            if node.op_type == "MatMul":
                name, value = name.removesuffix("MatMul") + "weight", value.T
        yield name, value
