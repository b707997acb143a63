"""Several adapters in one model, as PEFT handles them: added, switched, deleted, saved."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import Tensor, nn

from seesaw.methods import get_method, method_names, routing
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.placement import Placement
from seesaw.suite.checks.specimen import (
    N_TASKS,
    TASK_IDS,
    adapted,
    batch,
    configured,
    encoder,
    hidden,
)

GATED = [name for name in method_names() if issubclass(get_method(name), GatedConfig)]
TOLD = [name for name in GATED if get_method(name).told_task]
BLOCKS = {r"(.*layer\.\d+)\.output\.dense": r"\1.intermediate.dense"}
BOTH = Placement(r"encoder\.layer\.\d+\.(output|intermediate)\.dense", BLOCKS, backbone_rank=4)
"""Updates beside whole blocks, and a plain LoRA at every linear besides."""


def one(name: str, seed: int) -> Any:
    """A model with one adapter, `default`, in evaluation mode, its parameters drawn at random."""
    model = adapted(get_method(name), encoder())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for parameter in model.parameters():
            if parameter.requires_grad:
                nn.init.normal_(parameter, std=0.1)
    return model.eval()


def take(model: Any, adapter: str, source: Any) -> None:
    """Give `adapter` of `model` the parameters and buffers of `source`, a model of `one`."""
    own = {
        key.replace(".default.", f".{adapter}."): value
        for key, value in source.state_dict().items()
        if ".default." in key
    }
    assert not model.load_state_dict(own, strict=False).unexpected_keys


def added(model: Any, name: str, adapter: str, **changes: Any) -> Any:
    """`model` with another adapter of the method, as it starts; it is not yet active."""
    model.add_adapter(adapter, configured(get_method(name)).replaced(**changes))
    return model.eval()


def auxiliary(model: Any) -> float:
    """Sum of the auxiliary losses of one forward pass in training."""
    inputs = batch()
    with torch.no_grad(), routing(model.train(), TASK_IDS, inputs["attention_mask"]) as state:
        model(**inputs)
        found = float(state.auxiliary_loss())
    model.eval()
    return found


def frozen() -> Tensor:
    """Hidden states without any adapter."""
    states: Tensor = encoder()(**batch()).last_hidden_state
    return states


def replaced(name: str) -> Any:
    """A model whose adapter `default` was deleted and added again."""
    model = one(name, 0)
    model.delete_adapter("default")
    added(model, name, "default").set_adapter("default")
    return model.eval()


@pytest.mark.parametrize("name", GATED)
def test_an_adapter_added_again_starts_as_the_frozen_model(name: str) -> None:
    torch.testing.assert_close(hidden(replaced(name), batch()), frozen())


@pytest.mark.parametrize("name", GATED)
def test_an_adapter_added_again_is_a_whole_new_one(name: str) -> None:
    fresh, model = one(name, 1), replaced(name)
    take(model, "default", fresh)
    torch.testing.assert_close(hidden(model, batch()), hidden(fresh, batch()))
    assert auxiliary(model) == pytest.approx(auxiliary(fresh))
    with model.disable_adapter():
        torch.testing.assert_close(hidden(model, batch()), frozen())


@pytest.mark.parametrize("name", GATED)
def test_a_deleted_adapter_leaves_the_frozen_model(name: str) -> None:
    model = one(name, 0)
    model.delete_adapter("default")
    # PEFT's own model asks for an active adapter; what it wraps does not
    torch.testing.assert_close(hidden(model.base_model, batch()), frozen())


@pytest.mark.parametrize("name", GATED)
def test_each_adapter_gives_its_own_outputs(name: str) -> None:
    first, second = one(name, 0), one(name, 1)
    model = added(one(name, 0), name, "second")
    take(model, "second", second)
    for adapter, wanted in (("default", first), ("second", second), ("default", first)):
        model.set_adapter(adapter)
        torch.testing.assert_close(hidden(model.eval(), batch()), hidden(wanted, batch()))
        with model.disable_adapter():
            torch.testing.assert_close(hidden(model, batch()), frozen())


@pytest.mark.parametrize("name", GATED)
def test_a_second_adapter_leaves_the_losses_of_the_first(name: str) -> None:
    model = one(name, 0)
    wanted = auxiliary(model)
    assert auxiliary(added(model, name, "second")) == pytest.approx(wanted)
    model.delete_adapter("second")
    assert auxiliary(model) == pytest.approx(wanted)


@pytest.mark.parametrize("count", [N_TASKS - 1, N_TASKS + 2], ids=["fewer", "more"])
@pytest.mark.parametrize("name", TOLD)
def test_task_ids_are_bound_by_the_active_adapter(name: str, count: int) -> None:
    ranks = {"r": 2 * count} if name.startswith("lora_per_task") else {}
    model = added(one(name, 0), name, "second", n_tasks=count, **ranks)
    for adapter, bound in (("default", N_TASKS), ("second", count), ("default", N_TASKS)):
        model.set_adapter(adapter)
        hidden(model, batch(), torch.full((4,), bound - 1))
        with pytest.raises(ValueError, match=rf"are not among 0 \.\.\. {bound - 1}"):
            hidden(model, batch(), torch.full((4,), bound))


@pytest.mark.parametrize("adapters", [1, 2])
@pytest.mark.parametrize("name", GATED)
def test_no_two_names_of_a_state_are_one_tensor(name: str, adapters: int) -> None:
    model = one(name, 0)
    if adapters == 2:
        added(model, name, "second")
    names: dict[int, str] = {}
    for key, value in model.state_dict().items():
        assert names.setdefault(value.data_ptr(), key) == key


@pytest.mark.parametrize("name", GATED)
def test_two_adapters_are_saved_and_come_back(name: str, tmp_path: Path) -> None:
    first, second = one(name, 0), one(name, 1)
    model = added(one(name, 0), name, "second")
    take(model, "second", second)
    model.save_pretrained(tmp_path)
    loaded = PeftModel.from_pretrained(encoder(), tmp_path)
    loaded.load_adapter(tmp_path / "second", "second")
    alone = PeftModel.from_pretrained(encoder(), tmp_path / "second")
    torch.testing.assert_close(hidden(alone.eval(), batch()), hidden(second, batch()))
    for adapter, wanted in (("second", second), ("default", first)):
        loaded.set_adapter(adapter)
        torch.testing.assert_close(hidden(loaded.eval(), batch()), hidden(wanted, batch()))


def beside_blocks(base: nn.Module) -> Any:
    """`base` with ASE beside its blocks, its parameters moved away from their start."""
    torch.manual_seed(0)
    model = configured(get_method("ase")).placed(BOTH, 0.0, N_TASKS).adapt(base)
    for parameter in model.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.1)
    return model.eval()


def test_a_deleted_adapter_beside_blocks_reads_nothing_any_more() -> None:
    model = beside_blocks(encoder())
    model.delete_adapter("default")
    with torch.no_grad():  # no task ids: nobody asks for them
        found = model.base_model.model(**batch()).last_hidden_state
    torch.testing.assert_close(found, frozen())
    layers = [module for name, module in model.base_model.model.named_modules() if name]
    assert not any(layer._forward_pre_hooks for layer in layers)


def test_an_unloaded_backbone_is_as_it_was() -> None:
    base = encoder()
    names = list(base.state_dict())
    unloaded = beside_blocks(base).unload()
    assert list(unloaded.state_dict()) == names
    hooks = (
        hooks for m in unloaded.modules() for hooks in (m._forward_hooks, m._forward_pre_hooks)
    )
    assert not any(hooks)
    torch.testing.assert_close(unloaded(**batch()).last_hidden_state, frozen())


def test_deleting_from_a_copy_leaves_the_original_alone() -> None:
    model = beside_blocks(encoder())
    wanted = hidden(model, batch())
    copy.deepcopy(model).delete_adapter("default")
    torch.testing.assert_close(hidden(model, batch()), wanted, rtol=0, atol=0)
