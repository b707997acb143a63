"""GPU memory that training an adapter in a causal LM takes, by arithmetic and without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig

from seesaw.methods import routing
from seesaw.methods.core.method import MethodConfig
from seesaw.suite.costs.backbones import model_config
from seesaw.suite.costs.profile import saved_for_backward
from seesaw.suite.costs.setting import Setting
from seesaw.suite.plan.request import RequestError

HALF, SINGLE = 2, 4
"""Bytes of bfloat16 and of float32."""
LINEARS = {16: 2.0, 8: 1.0, 4: 0.5 + SINGLE / 64}
"""Bytes per weight of a frozen linear by its bits; NF4 keeps a maximum for every 64 weights."""
TRAINED = 4 * SINGLE + HALF
"""Bytes per trained parameter: master, gradient, two moments, and the copy that computes."""
PROBES = (32, 64, 128)
"""Tokens at which one layer is measured, each twice as many as the one before."""


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak of a training step, base in bfloat16 and adapter in float32.

    `checkpoints` are the inputs of all layers, `layer` is what one layer keeps while it is
    recomputed, `logits` the output in bfloat16, in float32, and its gradient. Of a quantised base
    `dequantised` is the largest linear in bfloat16, which is there while it is used.
    """

    place: str
    method: str
    weights: int
    dequantised: int
    adapter: int
    checkpoints: int
    layer: int
    logits: int

    @property
    def total(self) -> int:
        """All of it."""
        base = self.weights + self.dequantised
        return base + self.adapter + self.checkpoints + self.layer + self.logits


def training_memory(
    place: Setting, config: MethodConfig, name: str, batch: int, length: int, bits: int = 16
) -> Memory:
    """Memory of one step on `batch` examples of `length` tokens, with gradient checkpointing.

    Args:
        place: the backbone.
        config: the method, sized.
        name: what the method is called.
        batch: examples in a micro-batch.
        length: tokens of each.
        bits: of a weight of the frozen linears in the blocks: 16, or 8 or 4 as bitsandbytes has
            them. The rest, as embeddings and the output layer, is never quantised.

    Raises:
        RequestError: the backbone is no causal LM, or `bits` is another number.
    """
    if bits not in LINEARS:
        raise RequestError(f"bits is {bits}; frozen linears have 16, 8 or 4")
    lm = model_config(place.name)
    if lm is None or not hasattr(lm, "vocab_size") or lm.is_encoder_decoder:
        raise RequestError(f"{place.name} is no causal language model; memory is told of those")
    with torch.device("meta"):
        weights = sum(p.numel() for p in AutoModelForCausalLM.from_config(lm).parameters())
    tokens, layers = batch * length, int(lm.num_hidden_layers)
    kept = _growth([_layer_bytes(lm, config, probe) for probe in PROBES]) * tokens
    return Memory(
        place.name,
        name,
        weights=HALF * (weights - place.frozen) + round(LINEARS[bits] * place.frozen),
        dequantised=0 if bits == 16 else HALF * max(a * b for a, b in place.linears.values()),
        adapter=TRAINED * place.parameters(config).total,
        checkpoints=HALF * tokens * int(lm.hidden_size) * layers,
        layer=kept,
        logits=(HALF + 2 * SINGLE) * tokens * int(lm.vocab_size),
    )


def _growth(counts: Sequence[int]) -> int:
    """Bytes per token out of those at `PROBES`.

    What is kept once is left out, and so is what grows with the square: the meta device has no
    fused attention, a GPU has.
    """
    one, two, four = counts
    square = (four - 3 * two + 2 * one) / 6
    return round((two - one - 3 * square) / PROBES[0])


def _layer_bytes(lm: PretrainedConfig, config: MethodConfig, length: int) -> int:
    """Bytes that one layer with its adapters keeps for backward of `length` tokens."""
    own = type(lm).from_dict({**lm.to_dict(), "num_hidden_layers": 1})
    with torch.device("meta"):
        base: Any = AutoModelForCausalLM.from_config(own, dtype=torch.bfloat16).model
        model = config.with_ranks({}).adapt(base.requires_grad_(False)).to(torch.bfloat16).train()
        hidden = torch.empty(1, length, int(lm.hidden_size), dtype=torch.bfloat16)
        positions = torch.arange(length)[None]
        turned = base.rotary_emb(hidden, positions)
        fixed = [*model.parameters(), *model.buffers(), *turned]
        tasks = torch.zeros(1).long()
        with routing(model, tasks), saved_for_backward(*fixed) as kept:
            # not through the model, which looks at values of its masks
            base.layers[0](
                hidden.requires_grad_(),
                attention_mask=None,
                position_ids=positions,
                position_embeddings=turned,
            )
    return sum(t.untyped_storage().nbytes() for t in kept.values())
