"""Frozen vision transformers of timm: built for a size, loaded, and run once per image or per task.

What lies below the first adapted layer is the same for all tasks and runs once per image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from timm.models.vision_transformer import Block, VisionTransformer, checkpoint_filter_fn
from torch import Tensor, nn

from seesaw.methods.core.inputs import acts_in, repeated
from seesaw.tasks.task import WeightsError


def build(
    model: str, size: tuple[int, int], options: Mapping[str, Any], device: str = "cpu"
) -> VisionTransformer:
    """The architecture `model` of timm for images of `size` (h, w), its weights random.

    Raises:
        WeightsError: timm has no vision transformer of that name.
    """
    name = model.rpartition("/")[2]
    known = timm.is_model(name.partition(".")[0])
    if not known or "vision_transformer" not in timm.model_entrypoint(name).__module__:
        raise WeightsError(f"timm has no vision transformer {name!r}")
    with torch.device(device):
        vit: Any = timm.create_model(
            name, pretrained=False, img_size=size, num_classes=0, **options
        )
    found: VisionTransformer = vit
    return found


def load(vit: VisionTransformer, path: Path) -> VisionTransformer:
    """`vit` with the weights in a safetensors file, frozen; positions are interpolated to its size.

    A `vit` of less depth gets the file's first blocks.

    Raises:
        WeightsError: the file is damaged or belongs to another architecture.
    """
    try:
        state = {name: value.float() for name, value in load_file(path).items()}
        state = checkpoint_filter_fn(state, vit)
        vit.load_state_dict({k: value for k, value in state.items() if not _left_out(k, vit)})
    except (SafetensorError, RuntimeError) as error:
        raise WeightsError(f"{path} does not fit the backbone: {error}") from None
    return vit.requires_grad_(False).eval()


def _left_out(name: str, vit: VisionTransformer) -> bool:
    """Whether it is of a classifier, or of a block beyond the last."""
    part, _, rest = name.partition(".")
    return part == "head" or (part == "blocks" and int(rest.split(".")[0]) >= len(vit.blocks))


def features(vit: Any, images: Tensor, copies: int = 1) -> Tensor:
    """Last hidden states of the patches as a grid (copies * batch, width, h, w).

    With several `copies` the batch is repeated, copy after copy, at the input of the first layer
    that an adapter sits in; an adapter that acts on the embeddings repeats it itself.

    Args:
        vit: with or without adapters, also inside PEFT's model.
        images: (batch, 3, H, W).
        copies: passes per image, each with another task.
    """
    x: Tensor = vit.patch_embed(images)
    wanted = copies * len(images)
    x = vit.norm_pre(vit.patch_drop(vit._pos_embed(x)))
    for stage, modules in _stages(vit):
        if any(map(acts_in, modules)):
            x = repeated(x, wanted)
        x = stage(x)
    x = repeated(x, wanted)
    x = vit.norm(x)[:, vit.num_prefix_tokens :]
    return x.transpose(1, 2).unflatten(2, vit.patch_embed.dynamic_feat_size(images.shape[-2:]))


def _stages(vit: Any) -> Iterator[tuple[Callable[[Tensor], Tensor], list[nn.Module]]]:
    """The blocks in order, halved where they are of the usual kind, with what each step runs."""
    for block in vit.blocks:
        if type(block) is Block:
            yield _attention(block), [block.attn]
            yield _feed_forward(block), [block.mlp]
        else:
            yield block, [block]


def _attention(block: Block) -> Callable[[Tensor], Tensor]:
    return lambda x: x + block.drop_path1(block.ls1(block.attn(block.norm1(x))))


def _feed_forward(block: Block) -> Callable[[Tensor], Tensor]:
    return lambda x: x + block.drop_path2(block.ls2(block.mlp(block.norm2(x))))
