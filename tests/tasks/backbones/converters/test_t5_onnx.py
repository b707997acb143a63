"""A T5 out of two quantised graphs: its weights, and a head that is its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import T5Config, T5ForConditionalGeneration

from seesaw.tasks.backbones import language
from seesaw.tasks.backbones.converters import t5_onnx
from seesaw.tasks.task import WeightsError

Graph = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def t5() -> T5ForConditionalGeneration:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=24,
        d_model=16,
        d_kv=4,
        d_ff=20,
        num_layers=2,
        num_decoder_layers=3,
        num_heads=2,
        relative_attention_num_buckets=8,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        decoder_start_token_id=0,
    )
    model = T5ForConditionalGeneration(config).eval()
    model.lm_head.weight = torch.nn.Parameter(torch.randn(24, 16))  # shared with no other
    for parameter in model.parameters():
        steps = parameter.abs().max() / 100
        parameter.data = (parameter / steps).round() * steps  # what 8 bits can say
    return model


def graph(weights: Mapping[str, torch.Tensor]) -> bytes:
    """Linears without a name at integer nodes; tables in 8 bits; norms as they are."""
    tensors, nodes = {}, []
    for number, (name, value) in enumerate(weights.items()):
        if value.ndim == 1:
            tensors[name] = value.numpy()
            continue
        linear = not name.endswith(("embed_tokens.weight", "shared.weight", "bias.weight"))
        kept = f"onnx::MatMul_{number}" if linear else name
        scale = float(value.abs().max()) / 100
        zero = np.array(0 if linear else 120, np.int8 if linear else np.uint8)
        steps = (value.T if linear else value).div(scale).round().numpy() + zero.astype(np.float32)
        tensors[f"{kept}_scale"] = np.array(scale, np.float32)
        tensors[f"{kept}_zero_point"] = zero
        tensors[f"{kept}_quantized"] = steps.astype(zero.dtype)
        if linear:
            path = "/" + name.removesuffix(".weight").replace(".", "/").replace("block/", "block.")
            path = path.replace("layer/", "layer.") + "/MatMul_quant"
            nodes.append(helper.make_node("MatMulInteger", ["x", f"{kept}_quantized"], ["y"], path))
    kept_all = [numpy_helper.from_array(value, name) for name, value in tensors.items()]
    made = helper.make_model(helper.make_graph(nodes, "tiny", [], [], initializer=kept_all))
    found: bytes = made.SerializeToString()
    return found


def sides(model: T5ForConditionalGeneration) -> tuple[dict[str, torch.Tensor], ...]:
    """Weights under the names of the encoder's graph, and of the decoder's."""
    state = {k: v for k, v in model.state_dict().items() if "embed_tokens" not in k}
    encoder = {"enc.embed_tokens.weight": state["shared.weight"]}
    decoder = {"m.shared.weight": state.pop("shared.weight")}
    for name, value in state.items():
        if name.startswith("encoder."):
            encoder[f"enc.{name.removeprefix('encoder.')}"] = value
        else:
            decoder[f"m.{name}"] = value
    return encoder, decoder


def converted(folder: Path, encoder: bytes, decoder: bytes) -> Path:
    source, target = folder / "source", folder / "target"
    source.mkdir(parents=True)
    target.mkdir()
    (source / "encoder.onnx").write_bytes(encoder)
    (source / "decoder.onnx").write_bytes(decoder)
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), ("▁a", -1.0), ("▁b", -2.0)]
    tokenizer = Tokenizer(models.Unigram(words, unk_id=2))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.save(str(source / "tokenizer.json"))
    t5_onnx.convert(source, target)
    return target


def test_it_computes_what_went_in_with_a_head_of_its_own(tmp_path: Path) -> None:
    model = t5()
    folder = converted(tmp_path, *map(graph, sides(model)))
    again = language.load(folder)
    assert again.lm_head.weight.data_ptr() != again.shared.weight.data_ptr()
    prompt, answer = torch.randint(24, (2, 9)), torch.randint(24, (2, 5))
    with torch.no_grad():
        found = again(input_ids=prompt, labels=answer)
        wanted = model(input_ids=prompt, labels=answer)
    torch.testing.assert_close(found.logits, wanted.logits, rtol=1e-4, atol=1e-4)
    tokenizer = language.tokenizer(folder)
    assert tokenizer("a b").input_ids == [3, 4]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1)


def test_what_is_not_known_or_not_there_is_named(tmp_path: Path) -> None:
    encoder, decoder = sides(t5())
    more = {**encoder, "enc.block.0.layer.0.Adapter.weight": torch.ones(3)}
    with pytest.raises(WeightsError, match=r"encoder\.onnx has a tensor .*: enc.*\.Adapter\."):
        converted(tmp_path / "more", graph(more), graph(decoder))
    less = {k: v for k, v in decoder.items() if "lm_head" not in k}
    with pytest.raises(WeightsError, match=r"lacks the tensor lm_head\.weight"):
        converted(tmp_path / "less", graph(encoder), graph(less))
    other = {**decoder, "m.shared.weight": torch.randn(24, 16)}
    with pytest.raises(WeightsError, match=r"another shared\.weight than encoder\.onnx"):
        converted(tmp_path / "other", graph(encoder), graph(other))
