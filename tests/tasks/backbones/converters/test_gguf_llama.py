"""A Llama out of a GGUF file: it computes what went in, and cuts text the same way."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from seesaw.tasks.backbones import language
from seesaw.tasks.backbones.converters import gguf_llama
from seesaw.tasks.task import WeightsError

TEXTS = ["The cat sat on 1234 mats; naïve ½.", "<|im_start|>the cat<|im_end|>", "  a\n\tb"]
PLACES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "model.layers.": "blk.",
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
}


def bpe() -> Tokenizer:
    """Trained on a few words, with SmolLM's way to cut them."""
    found = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    found.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(False)])
    found.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    found.train_from_iterator(TEXTS * 9, trainer)
    return found


def llama(tokens: int) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=tokens,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        rope_parameters={"rope_type": "default", "rope_theta": 5000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).eval()
    for parameter in model.parameters():  # attention that a wrong order of rows would change
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def pairs(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows as llama.cpp wants them: the two halves of a head take turns."""
    return np.concatenate(
        [np.stack(np.split(head, 2), 1).reshape(head.shape) for head in np.split(weight, heads)]
    )


def write(path: Path, model: LlamaForCausalLM, tokenizer: Tokenizer, **fields: str) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(2)
    writer.add_context_length(128)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(96)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_rope_dimension_count(16)
    writer.add_rope_freq_base(5000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(tokenizer.get_vocab_size())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(fields.get("pre", "smollm"))
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    writer.add_token_list([token for token, _ in vocabulary])
    writer.add_token_types([3 if number < 3 else 1 for _, number in vocabulary])
    writer.add_token_merges([" ".join(pair) for pair in _merges(tokenizer)])
    for role, number in (("bos", 1), ("eos", 2), ("unk", 0), ("pad", 2)):
        getattr(writer, f"add_{role}_token_id")(number)
    writer.add_chat_template("{{ messages[0]['content'] }}!")
    for name, value in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        array = value.numpy()
        heads = 4 if "q_proj" in name else 2 if "k_proj" in name else 0
        array = pairs(array, heads) if heads else array
        for old, new in PLACES.items():
            name = name.replace(old, new)
        if array.ndim == 2:
            kind = gguf.GGMLQuantizationType.Q8_0
            packed = gguf.quantize(array, kind)
            writer.add_tensor(name, packed, raw_dtype=kind)
        else:
            writer.add_tensor(name, array)
    if "more" in fields:
        writer.add_tensor(fields["more"], np.zeros(3, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _merges(tokenizer: Tokenizer) -> list[list[str]]:
    found: list[list[str]] = json.loads(tokenizer.to_str())["model"]["merges"]
    return found


def converted(folder: Path, model: LlamaForCausalLM, tokenizer: Tokenizer, **fields: str) -> Path:
    source, target = folder / "source", folder / "target"
    source.mkdir(parents=True)
    target.mkdir()
    write(source / "tiny.gguf", model, tokenizer, **fields)
    gguf_llama.convert(source, target)
    return target


def test_it_computes_what_went_in(tmp_path: Path) -> None:
    tokenizer = bpe()
    model = llama(tokenizer.get_vocab_size())
    again = language.load(converted(tmp_path, model, tokenizer))
    assert again.config.tie_word_embeddings
    assert getattr(again.config, "quantization_config", None) is None
    tokens = torch.randint(3, tokenizer.get_vocab_size(), (2, 40))
    with torch.no_grad():
        found, wanted = again(input_ids=tokens).logits, model(input_ids=tokens).logits
    torch.testing.assert_close(found, wanted, rtol=0, atol=0.02 * float(wanted.abs().max()))


def test_text_is_cut_as_before_and_the_chat_template_kept(tmp_path: Path) -> None:
    tokenizer = bpe()
    folder = converted(tmp_path, llama(tokenizer.get_vocab_size()), tokenizer)
    again = language.tokenizer(folder)
    for text in TEXTS:
        assert again(text).input_ids == tokenizer.encode(text).ids
        assert again.decode(again(text).input_ids) == text
    assert (again.bos_token_id, again.eos_token_id, again.pad_token_id) == (1, 2, 2)
    said = again.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False)
    assert said == "hi!"


def test_the_same_bytes_every_time(tmp_path: Path) -> None:
    tokenizer = bpe()
    model = llama(tokenizer.get_vocab_size())
    one, two = (converted(tmp_path / name, model, tokenizer) for name in ("one", "two"))
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    tokenizer = bpe()
    model = llama(tokenizer.get_vocab_size())
    with pytest.raises(WeightsError, match=r"tiny\.gguf has a tensor .*: blk\.0\.attn_q\.bias"):
        converted(tmp_path / "tensor", model, tokenizer, more="blk.0.attn_q.bias")
    with pytest.raises(WeightsError, match=r"tokenizer\.ggml\.pre is 'llama-bpe'; only 'smollm'"):
        converted(tmp_path / "pre", model, tokenizer, pre="llama-bpe")
