"""Updates beside whole feed-forward blocks: what they read, write, train and count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from seesaw.methods import get_method, method_names, routing
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.placement import Place, Placement
from seesaw.methods.core.plain import plain_beside
from seesaw.suite.checks.specimen import N_TASKS, TASK_IDS, batch, hidden
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.workload import linear_shapes

BLOCKS = {r"(.*layer\.\d+)\.output\.dense": r"\1.intermediate.dense"}
BESIDE = Placement(r"encoder\.layer\.\d+\.output\.dense", BLOCKS)
BOTH = Placement(r"encoder\.layer\.\d+\.(output|intermediate)\.dense", BLOCKS, backbone_rank=4)
METHODS = [name for name in method_names() if get_method(name).has_adapter]


def placed(name: str, placement: Placement, base: nn.Module, **options: Any) -> Any:
    """`base` with the method at `placement`, its parameters moved away from their start."""
    torch.manual_seed(0)
    model = get_method(name)(**options).placed(placement, 0.0, N_TASKS).adapt(base)
    for parameter in model.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.1)
    return model


def test_a_place_is_named_as_records_name_it() -> None:
    linear, block = Place.at("mlp.fc2"), Place.paired("mlp.fc2", {r"(.*)\.fc2": r"\1.fc1"})
    assert (str(linear), linear.beside) == ("mlp.fc2", False)
    assert (str(block), block is not None and block.beside) == ("mlp.fc1 -> mlp.fc2", True)
    assert Place.paired("attn.q", {r"(.*)\.fc2": r"\1.fc1"}) is None
    assert sorted([Place.at("b"), Place("a", "b")]) == [Place("a", "b"), Place.at("b")]


def test_a_pair_reads_the_first_linear_and_writes_after_the_last() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(6, 10), nn.Linear(10, 6)

        def forward(self, x: Tensor) -> Tensor:
            output: Tensor = self.fc2(torch.relu(self.fc1(x)))
            return output

    block, x = Block(), torch.randn(2, 3, 6)
    before = block(x)
    placement = Placement("fc2", {"fc2": "fc1"})
    config = get_method("lora")(r=2, lora_alpha=3).placed(placement, 0.0, 1)
    model: Any = config.adapt(block)
    update = model.base_model.model.fc2.seesaw_adapter["default"]
    nn.init.normal_(update.up)
    torch.testing.assert_close(model(x), before + 1.5 * x @ update.down.T @ update.up.T)
    assert update.place == Place("fc1", "fc2")
    with pytest.raises(ValueError, match="read another module than they write"):
        model.merge_and_unload()


@pytest.mark.parametrize("placement", [BESIDE, BOTH], ids=["beside", "and_backbone"])
@pytest.mark.parametrize("name", METHODS)
def test_every_method_sits_beside_a_block(
    name: str, placement: Placement, encoder: PreTrainedModel, tmp_path: Path
) -> None:
    """The formula is what is trained, every place learns, a saved adapter comes back."""
    config = get_method(name)().placed(placement, 0.0, N_TASKS)
    claimed = config.parameters(placement.shapes(linear_shapes(encoder)), N_TASKS)
    model = placed(name, placement, encoder)
    found = count_trainable(model)
    assert (found["experts"], found["router"]) == (claimed.experts, claimed.router)
    inputs = batch()
    with routing(model, TASK_IDS, inputs["attention_mask"]) as state:
        output = model(**inputs).last_hidden_state
        (output.square().mean() + state.auxiliary_loss()).backward()
    silent = [n for n, p in model.named_parameters() if p.requires_grad and not p.grad.any()]
    assert not silent
    model.eval().save_pretrained(tmp_path)
    from seesaw.suite.checks.specimen import encoder as fresh

    loaded = PeftModel.from_pretrained(fresh(), tmp_path).eval()
    torch.testing.assert_close(hidden(loaded, inputs), hidden(model, inputs))


def test_checkpointing_recomputes_what_a_pair_reads(encoder: PreTrainedModel) -> None:
    model, gradients = placed("ase", BOTH, encoder, r=8, experts=4).train(), []
    for checkpointed in (False, True):
        if checkpointed:
            model.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
        model.zero_grad()
        inputs = batch()
        with routing(model, TASK_IDS, inputs["attention_mask"]):
            model(**inputs).last_hidden_state.square().mean().backward()
        gradients.append([p.grad.clone() for p in model.parameters() if p.requires_grad])
    for plain, again in zip(*gradients, strict=True):
        torch.testing.assert_close(again, plain)


def test_the_backbone_starts_at_the_scale_of_the_method() -> None:
    config: Any = get_method("ase")(r=8, experts=4, sparse=1).placed(BOTH, 0.0, N_TASKS)
    assert isinstance(config, GatedConfig)
    own = plain_beside(config.scaled(2.0), Place.at("x"), 6, 6)
    assert own.scale == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("placement", "message"),
    [
        (Placement(r".*layer\.\d+\.output\.dense", {r"(.*)dense": r"\1sparse"}), "no linear layer"),
        (Placement("nothing"), "linears = 'nothing' matches no linear layer"),
    ],
)
def test_places_that_are_not_there_are_named(
    placement: Placement, message: str, encoder: PreTrainedModel
) -> None:
    with pytest.raises(ValueError, match=message):
        placement.shapes(linear_shapes(encoder))


def test_a_module_that_is_not_there_cannot_be_read(encoder: PreTrainedModel) -> None:
    placement = Placement(BESIDE.linears, {r"(.*)\.dense": r"\1.sparse"})
    with pytest.raises(ValueError, match=r"shall read encoder\.layer\.0\.output\.sparse"):
        placed("ase", placement, encoder, r=8, experts=4)


def test_a_backbone_rank_without_pairs_is_refused() -> None:
    with pytest.raises(ValueError, match="backbone_rank is 4 and reads is empty"):
        Placement(".*", backbone_rank=4)


def test_full_fine_tuning_beside_a_block_is_of_both_its_ends(encoder: PreTrainedModel) -> None:
    linears = linear_shapes(encoder)
    config = get_method("full")().placed(BESIDE, 0.0, N_TASKS)
    places = config.places(BESIDE, linears)
    assert {str(at).rpartition("layer.0.")[2] for at in places if "layer.0" in str(at)} == {
        "intermediate.dense",
        "output.dense",
    }
    model = config.adapt(encoder)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trained == config.parameters(places, N_TASKS).total
