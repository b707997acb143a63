"""Shapes of well-known backbones, on the meta device: no weights and no download."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    LlamaConfig,
    PretrainedConfig,
    RobertaConfig,
    T5Config,
)

from seesaw.methods.core.placement import Linears, Placement
from seesaw.suite.costs.setting import Setting
from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import linear_shapes, placement_of, track_linears
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import get_track, track_names

LLAMA_3 = {"intermediate_size": 14336, "num_key_value_heads": 8, "vocab_size": 128256}
T5_BASE = {"d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
MINILM = {
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
}
CONFIGS: Mapping[str, Callable[[], PretrainedConfig]] = {
    "minilm-l6": lambda: BertConfig(**MINILM),
    "roberta-base": RobertaConfig,
    "t5-base": lambda: T5Config(**T5_BASE),
    "llama-2-7b": LlamaConfig,
    "llama-3.1-8b": lambda: LlamaConfig(**LLAMA_3),
}
BLOCKS = r"(?!.*pooler).*\b(layers?|blocks?|encoder|decoder)\b.*"
"""Linears of the blocks; a pooler gets no gradient from the hidden states."""
FEED_FORWARD = {
    r"(.*mlp)\.fc2": r"\1.fc1",  # timm
    r"(.*layer\.\d+)\.output\.dense": r"\1.intermediate.dense",  # BERT
    r"(.*mlp)\.down_proj": r"\1.gate_proj",  # Llama
    r"(.*DenseReluDense)\.wo": r"\1.wi",  # T5
}
"""Last linear of a feed-forward block and the first one, whose input an update beside it reads."""


def backbone_place(name: str, n_tasks: int, beside_blocks: bool, backbone_rank: int) -> Setting:
    """A backbone as a place to compare methods at, on the meta device.

    Args:
        name: one of ours (`llama-2-7b`, ...), a timm model, or a folder with a `config.json`.
        n_tasks: tasks; in vision every image has all of them.
        beside_blocks: updates beside whole feed-forward blocks instead of beside every linear.
        backbone_rank: rank of a plain LoRA at every linear besides.

    Raises:
        RequestError: it is none of these, or has no such blocks.
    """
    with torch.device("meta"):
        model = build_backbone(name)
    linears = in_blocks(linear_shapes(model))
    every = "|".join(re.escape(linear) for linear in linears)
    written = every if backbone_rank or not beside_blocks else "|".join(FEED_FORWARD)
    try:
        placement = Placement(written, FEED_FORWARD if beside_blocks else {}, backbone_rank)
        placement.shapes(linears)
    except ValueError as error:
        raise RequestError(f"{name}: {error}") from None
    return Setting(name, linears, n_tasks, placement, dense=timm.is_model(name))


def in_blocks(linears: Linears) -> dict[str, tuple[int, int]]:
    """Those of `linears` that are in a backbone's blocks."""
    return {name: shape for name, shape in linears.items() if re.fullmatch(BLOCKS, name)}


def build_backbone(name: str) -> nn.Module:
    """The model called `name`, its weights random, on the current device."""
    config = model_config(name)
    if config is not None:
        model: Any = AutoModel.from_config(config)
        return model
    if timm.is_model(name):
        return timm.create_model(name, pretrained=False)
    close = difflib.get_close_matches(name, [*CONFIGS, *timm.list_models()], n=3)
    known = ", ".join(close or [*CONFIGS, "vit_base_patch16_224"])
    raise RequestError(f"unknown backbone {name!r}; did you mean: {known}?")


def model_config(name: str) -> PretrainedConfig | None:
    """The configuration of the transformers model called `name`; None if it is none of these."""
    if name in CONFIGS:
        return CONFIGS[name]()
    if (Path(name) / "config.json").is_file():
        found: PretrainedConfig = AutoConfig.from_pretrained(name, local_files_only=True)
        return found
    return None


SHOWN_BACKBONES = ("vit_base_patch16_224", "llama-2-7b", "llama-3.1-8b")
"""Where budgets are compared besides the embedded tracks, if nothing is asked for."""


def backbone_places(
    names: Sequence[str], track: str, n_tasks: int, beside_blocks: bool, backbone_rank: int
) -> list[Setting]:
    """The named backbones as places, or those shown by default where no track is named either."""
    shown = names if names or track else SHOWN_BACKBONES
    return [backbone_place(name, n_tasks, beside_blocks, backbone_rank) for name in shown]


def track_places(
    names: Sequence[str], weights: str, targets: Sequence[int]
) -> list[tuple[Setting, list[int]]]:
    """Tracks as places to compare budgets at, with their own budgets where none is named."""
    chosen = [get_track(name) for name in names or track_names()]
    places = []
    for track in chosen:
        if names or track.tier == "embedded":
            path = locate(track.backbone, weights or None)
            linears = in_blocks(track_linears(track, path))
            place = Setting(
                track.slug,
                linears,
                len(track.tasks),
                placement_of(track),
                dense=track.kind == "dense",
            )
            own = [track.budgets.default, *track.budgets.curve]
            places.append((place, list(targets) or own))
    return places
