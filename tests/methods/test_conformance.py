"""What every registered method must do; a new one is tested by being registered."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ADAPTED
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel

from methods import after_step, get_method, method_names, routing, routing_state
from methods.method import MethodConfig
from methods.statistics import routing_statistics
from suite.measure import count_trainable
from suite.plan import adapted_shapes

N_TASKS = 3
METHODS = [name for name in method_names() if get_method(name).has_adapter]


def configured(name: str, **changes: Any) -> MethodConfig:
    """A small config of a method, as a track would ask for it."""
    config = get_method(name)().placed(ADAPTED, 0.0, N_TASKS)
    config = next(c for c in config.sizes() if c.r >= 8).scaled(2.0)
    return config.replaced(**changes)


def adapted(name: str, model: PreTrainedModel, trained: bool = True, **changes: Any) -> nn.Module:
    """`model` with the method in it, its parameters moved away from their start."""
    torch.manual_seed(3)
    wrapped = configured(name, **changes).adapt(model)
    if trained:
        for parameter in wrapped.parameters():
            if parameter.requires_grad:
                nn.init.normal_(parameter, std=0.1)
    return wrapped


def batch(size: int = 4, length: int = 9) -> dict[str, Tensor]:
    """Token ids and mask with padding at different lengths."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 50, (size, length), generator=generator)
    lengths = torch.arange(size) % 4 + length - 3
    mask = (torch.arange(length) < lengths[:, None]).long()
    return {"input_ids": ids * mask, "attention_mask": mask}


TASK_IDS = torch.tensor([0, 1, 2, 0])


def hidden(model: nn.Module, inputs: dict[str, Tensor], task_ids: Tensor = TASK_IDS) -> Tensor:
    """Last hidden states under the routing state."""
    with routing(model, task_ids, inputs["attention_mask"]):
        return model(**inputs).last_hidden_state


@pytest.mark.parametrize("name", METHODS)
def test_closed_form_counts_what_is_trained(name: str, encoder: PreTrainedModel) -> None:
    shapes = adapted_shapes(encoder, ADAPTED)
    for config in itertools.islice(configured(name).sizes(), 6):
        place = sorted(shapes)[0]
        raised = config.with_ranks({place: config.r + config.rank_step()})
        for case in (config, raised):
            with torch.device("meta"):
                found = count_trainable(case.adapt(type(encoder)(encoder.config)))
            claimed = case.parameters(shapes, N_TASKS)
            for kind in ("experts", "router", "task_embedding"):
                assert found[kind] == getattr(claimed, kind), (kind, case)
            assert 0 < claimed.active <= claimed.total


@pytest.mark.parametrize("name", METHODS)
def test_sizes_grow_and_keep_the_scale(name: str, encoder: PreTrainedModel) -> None:
    shapes = adapted_shapes(encoder, ADAPTED)
    rungs = list(itertools.islice(configured(name).sizes(), 12))
    totals = [rung.parameters(shapes, N_TASKS).total for rung in rungs]
    assert totals == sorted(set(totals))


@pytest.mark.parametrize("name", METHODS)
def test_starts_as_the_frozen_model(name: str, encoder: PreTrainedModel) -> None:
    inputs = batch()
    expected = encoder(**inputs).last_hidden_state
    model = adapted(name, encoder, trained=False).eval()
    torch.testing.assert_close(hidden(model, inputs), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_disabled_adapter_is_the_frozen_model(name: str, encoder: PreTrainedModel) -> None:
    inputs = batch()
    expected = encoder(**inputs).last_hidden_state
    model: Any = adapted(name, encoder).eval()
    assert not torch.allclose(hidden(model, inputs), expected, atol=1e-3)
    with model.disable_adapter():
        torch.testing.assert_close(hidden(model, inputs), expected)


@pytest.mark.parametrize("name", METHODS)
def test_an_example_alone_is_as_in_a_padded_batch(name: str, encoder: PreTrainedModel) -> None:
    model, inputs = adapted(name, encoder).eval(), batch()
    together = hidden(model, inputs)
    for row in range(len(TASK_IDS)):
        length = int(inputs["attention_mask"][row].sum())
        alone = {key: value[row : row + 1, :length] for key, value in inputs.items()}
        torch.testing.assert_close(
            hidden(model, alone, TASK_IDS[row : row + 1])[0],
            together[row, :length],
            rtol=1e-4,
            atol=1e-5,
        )


@pytest.mark.parametrize("name", METHODS)
def test_saved_and_loaded_gives_the_same_outputs(
    name: str, encoder: PreTrainedModel, tmp_path: Path
) -> None:
    inputs, state = batch(), {k: v.clone() for k, v in encoder.state_dict().items()}
    model: Any = adapted(name, encoder)
    hidden(model.train(), inputs).square().mean().backward()
    after_step(model)  # buffers must travel too
    expected = hidden(model.eval(), inputs)
    model.save_pretrained(tmp_path)
    fresh = type(encoder)(encoder.config, add_pooling_layer=False)
    fresh.load_state_dict(state)
    loaded = PeftModel.from_pretrained(fresh, tmp_path).eval()
    torch.testing.assert_close(hidden(loaded, inputs), expected)


def gradients(model: nn.Module, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Gradients of a step's loss, auxiliary losses included."""
    model.zero_grad()
    with routing(model, TASK_IDS, inputs["attention_mask"]) as state:
        loss = model(**inputs).last_hidden_state.square().mean()
        (loss + state.auxiliary_loss()).backward()
    return {
        name: parameter.grad.clone()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }


@pytest.mark.parametrize("name", METHODS)
def test_checkpointing_changes_neither_gradients_nor_buffers(
    name: str, encoder: PreTrainedModel
) -> None:
    model: Any = adapted(name, encoder).train()
    inputs = batch()
    before = {key: value.clone() for key, value in model.named_buffers()}
    plain = gradients(model, inputs)
    counted = {key: value.clone() for key, value in model.named_buffers()}
    for key, buffer in model.named_buffers():
        buffer.copy_(before[key])
    model.base_model.model.gradient_checkpointing_enable({"use_reentrant": False})
    again = gradients(model, inputs)
    assert plain.keys() == again.keys()
    for key, value in plain.items():
        torch.testing.assert_close(again[key], value, msg=key)
    for key, buffer in model.named_buffers():
        torch.testing.assert_close(buffer, counted[key], msg=key)


@pytest.mark.parametrize("name", METHODS)
def test_merging_works_or_says_why_not(name: str, encoder: PreTrainedModel) -> None:
    model: Any = adapted(name, encoder).eval()
    inputs = batch()
    if get_method(name).merges == "yes":
        expected = hidden(model, inputs)
        merged = model.merge_and_unload()
        torch.testing.assert_close(
            merged(**inputs).last_hidden_state, expected, rtol=1e-4, atol=1e-5
        )
    else:
        with pytest.raises(ValueError, match=f"{name} cannot be merged"):
            model.merge_and_unload()


@pytest.mark.parametrize("name", [n for n in METHODS if get_method(n).routes_on != "none"])
def test_routing_statistics_ignore_padding(name: str, encoder: PreTrainedModel) -> None:
    places = set(adapted_shapes(encoder, ADAPTED))
    model, inputs = adapted(name, encoder).eval(), batch()
    state = routing_state(model)
    assert state is not None
    tables = []
    for padding in (0, 5):
        wider = {key: nn.functional.pad(value, (0, padding)) for key, value in inputs.items()}
        state.record_usage, state.usage = True, {}
        hidden(model, wider)
        tables.append(dict(state.usage))
    assert set(tables[0]) <= places
    assert tables[0]
    for place, table in tables[0].items():
        assert table.shape[0] == N_TASKS
        torch.testing.assert_close(tables[1][place], table, rtol=1e-4, atol=1e-4)
        found = routing_statistics(table)
        assert sum(found["load"]) == pytest.approx(1.0, abs=1e-3)
        assert 0.0 <= found["entropy"] <= 1.0
        assert 0.0 <= found["task_information"] <= torch.log(torch.tensor(3.0)) + 1e-6
