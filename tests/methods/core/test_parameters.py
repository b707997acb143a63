"""What every tensor of an adapter is, as its module declares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from seesaw.methods import get_method
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.gated import Gated
from seesaw.methods.core.parameters import Parameters, parameter_roles
from seesaw.methods.core.placement import Place
from seesaw.methods.core.tuner import register_tuner
from seesaw.suite.costs.parameters import count_trainable


class Tiny(nn.Module):
    """A linear behind an input embedding, which is all that methods ask of a model."""

    embed_dim = 6

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed, self.linear = nn.Identity(), nn.Linear(6, 6)
        self.requires_grad_(False)


def roles(name: str, **options: Any) -> dict[str, str]:
    """Roles by the end of the name."""
    model = get_method(name)(target_modules=["linear"], **options).adapt(Tiny())
    return {key.partition("default.")[2]: role for key, role in parameter_roles(model).items()}


@pytest.mark.parametrize(
    ("name", "options", "wanted"),
    [
        ("smora", {}, {"router": "router", "bias": "state"}),
        (
            "smora",
            {"bias_trained": True},
            {"router": "router", "bias": "router"},
        ),
        ("malora", {"subspace": 2}, {"router": "router", "inner": "experts"}),
        ("molora_random", {}, {"router": "router"}),
        ("ase", {}, {"router_tasks": "router", "shared.task_embedding": "task_embedding"}),
        (
            "moelora",
            {},
            {"shared.task_embedding.weight": "task_embedding", "shared.router.weight": "router"},
        ),
        (
            "more",
            {},
            {
                "task_embedding": "task_embedding",
                "router_weight": "router",
                "router_bias": "router",
            },
        ),
        ("lora_per_task", {}, {}),
    ],
)
def test_methods_declare_their_tensors(
    name: str, options: dict[str, Any], wanted: dict[str, str]
) -> None:
    assert roles(name, **options) == {"down": "experts", "up": "experts"} | wanted


def test_pefts_own_lora_is_all_experts() -> None:
    model = get_method("lora")(target_modules=["linear"]).adapt(Tiny())
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert parameter_roles(model) == dict.fromkeys(trained, "experts")


def test_a_trained_bias_is_counted_with_the_router_as_its_formula_says() -> None:
    config = get_method("smora")(target_modules=["linear"], bias_trained=True)
    found = count_trainable(config.adapt(Tiny()))
    claimed = config.place_parameters(Place.at("linear"), (6, 6), 1)
    assert (found["experts"], found["router"]) == (claimed.experts, claimed.router)


@dataclass
class ExtraConfig(GatedConfig):
    name = "extra"

    def place_parameters(self, place: Place, shape: tuple[int, int], n_tasks: int) -> Parameters:
        return self.lora_parameters(place, shape)


class Extra(Gated, config=ExtraConfig):
    """Has a parameter that it says nothing of."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.temperature = nn.Parameter(torch.ones(1))


class TrainedState(Extra, config=ExtraConfig):
    roles = {**Gated.roles, "temperature": "state"}  # noqa: RUF012


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Extra, r"no role is declared for linear\.seesaw_adapter\.default\.temperature"),
        (TrainedState, r"temperature: trained, but its role is 'state'"),
    ],
)
def test_undeclared_and_wrongly_declared_tensors_are_named(
    layer: type[Gated], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_tuner(ExtraConfig)
    monkeypatch.setattr(ExtraConfig, "layer", layer)
    model: Any = ExtraConfig(target_modules=["linear"]).adapt(Tiny())
    with pytest.raises(ValueError, match=message):
        parameter_roles(model.base_model.model)


def test_a_config_without_a_layer_says_how_to_declare_one() -> None:
    @dataclass
    class Bare(ExtraConfig):
        layer = None

    register_tuner(Bare)
    with pytest.raises(TypeError, match=r"Bare has no layer; declare one: class \.\.\.\(Gated"):
        Bare().build(Place.at("x"), 3, 3)
