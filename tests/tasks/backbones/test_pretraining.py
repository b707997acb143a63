"""Pre-training: the same bytes twice, and the weights that come with the suite."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest
import torch
from conftest import Seesaw

from seesaw.suite.plan.request import RequestError
from seesaw.tasks.backbones.locate import sha256
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.sources.scenes import pretrain
from seesaw.tasks.sources.scenes.pretrain import WEIGHTS, Recipe
from seesaw.tasks.sources.stories import pretrain_orders
from seesaw.tasks.sources.stories.paired import load


@pytest.mark.slow
def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path) -> None:
    recipe = Recipe(scenes=32, held_out=2, side=48, epochs=2, batch_size=8)
    state = torch.random.get_rng_state()
    paths = [
        pretrain.pretrain(recipe, tmp_path / f"{n}.safetensors", lambda *_: None) for n in (1, 2)
    ]
    torch.random.set_rng_state(state)
    assert sha256(paths[0]) == sha256(paths[1])
    about = json.loads((tmp_path / "1.json").read_text())
    assert about["recipe"]["scenes"] == 32
    assert about["loss_curve"][-1][0] == recipe.steps == 8


def test_the_weights_are_what_the_track_and_the_recipe_say() -> None:
    backbone = get_track("scenes@1").backbone
    assert sha256(WEIGHTS) == backbone.sha256
    about = json.loads(WEIGHTS.with_suffix(".json").read_text())
    assert (about["model"], about["options"]) == (backbone.model, backbone.options)
    assert WEIGHTS.stat().st_size < 8e6
    assert about["loss_curve"][0][1] > 3 * about["loss_curve"][-1][1]
    assert about["held_out"]["miou"] > 0.4
    assert Recipe(**about["recipe"]) == Recipe()


@pytest.mark.slow
def test_the_second_lm_goes_on_from_the_first(tmp_path: Path) -> None:
    recipe = pretrain_orders.Recipe(rows=16, batch_size=8, length=32, held_out=2)
    state = torch.random.get_rng_state()
    paths = [
        pretrain_orders.pretrain(recipe, tmp_path / n / "model.safetensors", lambda *_: None)
        for n in ("one", "other")
    ]
    torch.random.set_rng_state(state)
    assert sha256(paths[0]) == sha256(paths[1])
    assert json.loads(paths[0].with_suffix(".json").read_text())["held_out"]["loss"] < 2


def test_the_second_lm_is_what_the_track_and_the_recipe_say() -> None:
    weights = pretrain_orders.WEIGHTS
    assert sha256(weights) == get_track("stories@2").backbone.sha256
    about = json.loads(weights.with_suffix(".json").read_text())
    assert pretrain_orders.Recipe(**about["recipe"]) == pretrain_orders.Recipe()
    assert about["held_out"]["loss"] < 0.7


def test_the_second_lm_was_never_asked_what_a_task_asks() -> None:
    told = {
        e.prompt.split(". ")[0]
        for data in load({"conflict": 0.5, "data_seed": 0, "train": 1, "dev": 1, "test": 1})
        for e in data.train
    }
    texts = list(islice(pretrain_orders.mixed(pretrain_orders.Recipe()), 3000))
    asked = {text.split(". ")[0] for text in texts if text.count(":") == 1 and text[-1] != "."}
    assert len(asked) == pretrain_orders.Recipe().orders
    assert not asked & told


def test_only_what_is_there_can_be_pre_trained(seesaw: Seesaw) -> None:
    with pytest.raises(RequestError, match="cannot pre-train 'photos'; there is: scenes, stories"):
        seesaw("pretrain", "photos")
