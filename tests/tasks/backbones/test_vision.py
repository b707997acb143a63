"""Backbones of timm: sizes, weights, and features that are timm's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from seesaw.tasks.backbones import vision
from seesaw.tasks.families.dense.decoders import DECODERS
from seesaw.tasks.task import WeightsError

NAME = "vit_tiny_patch16_224"
SMALL = {"depth": 2, "embed_dim": 48, "num_heads": 3}


def test_features_are_the_patches_of_timm(tmp_path: Path) -> None:
    model = vision.build(NAME, (64, 48), SMALL).eval()
    images = torch.randn(2, 3, 64, 48)
    with torch.no_grad():
        wanted = model.forward_features(images)[:, 1:]
        found = vision.features(model, images)
        twice = vision.features(model, images, copies=3)
    assert found.shape == (2, 48, 4, 3)
    torch.testing.assert_close(found.flatten(2).transpose(1, 2), wanted)
    torch.testing.assert_close(twice, found.repeat(3, 1, 1, 1))


def test_weights_of_another_size_are_interpolated(tmp_path: Path) -> None:
    square = timm.create_model(NAME, img_size=(32, 32), **SMALL)  # with a classifier, as on the hub
    save_file(square.state_dict(), tmp_path / "w.safetensors")
    model = vision.load(vision.build(NAME, (64, 48), SMALL), tmp_path / "w.safetensors")
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert model.pos_embed.shape[1] == 1 + 4 * 3
    torch.testing.assert_close(model.blocks[1].mlp.fc1.weight, square.blocks[1].mlp.fc1.weight)


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="timm has no vision transformer 'vit_nano'"):
        vision.build("vit_nano", (32, 32), {})
    with pytest.raises(WeightsError, match="no vision transformer 'resnet18'"):
        vision.build("resnet18", (32, 32), {})
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"no")
    with pytest.raises(WeightsError, match=r"w\.safetensors does not fit"):
        vision.load(vision.build(NAME, (32, 32), SMALL), path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match=r"w\.safetensors does not fit"):
        vision.load(vision.build(NAME, (32, 32), SMALL), path)


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_decoders_give_a_map_of_the_size(name: str) -> None:
    decoder = DECODERS[name](48, 3)
    assert decoder(torch.randn(2, 48, 4, 3), (64, 50)).shape == (2, 3, 64, 50)


def test_upscaling_is_finer_than_the_tokens() -> None:
    torch.manual_seed(0)
    grid = torch.randn(2, 48, 4, 3)
    maps = DECODERS["upscaling"](48, 3)(grid, (64, 48)).detach()
    # what a map on the tokens' own grid can say, drawn smoothly
    coarse = F.interpolate(F.avg_pool2d(maps, 16), size=(64, 48), mode="bilinear")
    assert (maps - coarse).std() > 0.3 * maps.std()
