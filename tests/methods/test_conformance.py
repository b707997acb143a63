"""What every registered method must do; a new one is tested by being registered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from seesaw.methods import get_method, method_names
from seesaw.methods.core.gated import Gated, GatedConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.state import RoutingState
from seesaw.methods.core.tuner import register_tuner
from seesaw.methods.molora import MoLoRA, MoLoRAConfig
from seesaw.suite.checks import CHECKS, CheckError, run_checks

METHODS = [name for name in method_names() if get_method(name).has_adapter]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", METHODS)
def test_method_passes(name: str, check: str) -> None:
    CHECKS[check](get_method(name))


@dataclass
class WrongFormula(MoLoRAConfig):
    """Forgets its router."""

    name = "wrong_formula"

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        return Parameters(self.rank_at(place) * sum(shape), self.rank_at(place) * sum(shape))


@dataclass
class DeadRouter(MoLoRAConfig):
    """Its router is cut off from the loss."""

    name = "dead_router"

    def build(self, place: str, d_in: int, d_out: int) -> Gated:
        return DeadRouterPlace(self, place, d_in, d_out)


class DeadRouterPlace(MoLoRA):
    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        assert logits is not None
        return super().gate(x, logits.detach(), state)


@dataclass
class BatchGate(GatedConfig):
    """Its gate is the mean over the batch."""

    name = "batch_gate"
    routes_on = "token"

    def place_parameters(self, place: str, shape: tuple[int, int], n_tasks: int) -> Parameters:
        return Parameters(self.rank_at(place) * sum(shape), self.rank_at(place) * sum(shape))

    def build(self, place: str, d_in: int, d_out: int) -> Gated:
        return BatchGatePlace(self, place, d_in, d_out)


class BatchGatePlace(Gated):
    def gate(self, x: Tensor, logits: Tensor | None, state: RoutingState) -> Tensor:
        h = nn.functional.linear(x, self.down)
        return torch.sigmoid(h.flatten(0, -2).mean(0)).expand_as(h)


@pytest.mark.parametrize(
    ("method", "check", "message"),
    [
        (WrongFormula, "parameters_are_what_the_formula_says", "router parameters are trained"),
        (DeadRouter, "everything_trainable_learns", "router gets no gradient"),
        (BatchGate, "examples_do_not_see_their_batch", "alone against in its batch"),
    ],
)
def test_broken_methods_are_found_out(method: type[GatedConfig], check: str, message: str) -> None:
    register_tuner(method)
    with pytest.raises(CheckError, match=message):
        CHECKS[check](method)
    assert {name: problem for name, problem in run_checks(method) if problem}[check]
