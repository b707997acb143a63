"""Sizes the papers state, out of our formulas (docs/budgets.md)."""

from __future__ import annotations

from typing import Any

import pytest
from places import AT

from seesaw.methods import get_method
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Place
from seesaw.suite.costs.backbones import backbone_place
from seesaw.suite.plan.request import MethodRequest

SQUARE = (4096, 4096)
T5_BASE = [(768, 768)] * 4 * 36 + [(768, 3072), (3072, 768)] * 24
GEMMA = (22_528, 4_608)
"""Inputs and outputs of q, k, v, o of Gemma-2B over its heads, one A per query head."""


def of(name: str, shape: tuple[int, int], **options: Any) -> Parameters:
    """Closed form at one place."""
    return get_method(name)(**options).place_parameters(AT, shape, 8)


def mode_percent(m: int, r: int, p: int = 1) -> float:
    """MoDE's size in the unit of the paper's tables, set by its LoRA of rank 64 (6.31)."""
    unit = of("lora", GEMMA, r=64).total / 6.31
    return of("mode", GEMMA, candidates=m, r=r, part=p).total / unit


@pytest.mark.parametrize(
    ("m", "r", "p", "stated"),
    [
        (16, 4, 4, 2.71),  # MoLoRA with a shared A
        (16, 4, 1, 6.64),
        (8, 4, 1, 3.48),
        (6, 4, 1, 2.69),
        (4, 4, 1, 1.90),
        (4, 6, 1, 2.86),
        (4, 8, 1, 3.81),
        (4, 16, 1, 7.62),
    ],
)
def test_mode_table_2(m: int, r: int, p: int, stated: float) -> None:
    assert mode_percent(m, r, p) == pytest.approx(stated, abs=0.015)


def test_molora_in_modes_table_2() -> None:
    unit = of("lora", GEMMA, r=64).total / 6.31
    assert of("molora", GEMMA, r=64, experts=16).total / unit == pytest.approx(7.62, abs=0.015)


@pytest.mark.parametrize(
    ("m", "r", "p"),
    [
        *[(42, 4, 4), (27, 4, 2), (16, 4, 1), (27, 8, 8), (20, 8, 4), (12, 8, 2), (7, 8, 1)],
        *[(15, 16, 16), (12, 16, 8), (8, 16, 4), (5, 16, 2), (3, 16, 1)],
    ],
)
def test_mode_table_5_is_iso_parameter(m: int, r: int, p: int) -> None:
    """The paper says about 6.0 to 6.6 %; its smallest is 5.92."""
    assert 5.9 <= mode_percent(m, r, p) <= 6.65


def test_hydralora_is_mode_with_one_router_for_all_slots_and_left_it_out() -> None:
    hydra = of("mode", SQUARE, r=8, candidates=3, part=8)
    places, llama = 2 * 32, 6_738_415_616
    assert 100 * places * hydra.experts / llama == pytest.approx(0.1245, abs=1e-4)
    assert 100 * places * hydra.total / llama == pytest.approx(0.136, abs=5e-4)


def test_lora_more_and_moelora_on_t5_base() -> None:
    shapes = {Place.at(f"layer.{i}"): shape for i, shape in enumerate(T5_BASE)}
    lora = get_method("lora")(r=8).parameters(shapes, 8)
    assert lora.total / 8 / 2**20 == pytest.approx(0.387, abs=1e-3)
    more = get_method("more")(r=8).parameters(shapes, 8)
    assert more.experts == lora.total
    assert more.total / 8 / 2**20 == pytest.approx(0.774, abs=1e-3)
    moelora = get_method("moelora")(r=16).parameters(shapes, 8)
    assert moelora.total / 8 == pytest.approx(0.811e6, rel=2e-3)


@pytest.mark.parametrize(
    ("experts", "sparse", "shared", "millions"), [(16, 3, 1, 2.5), (32, 6, 2, 3.2)]
)
def test_ase_beside_the_blocks_of_vit_b(
    experts: int, sparse: int, shared: int, millions: float
) -> None:
    """Table 1: total rank 64, five tasks, rank 4 on the backbone's linears."""
    place = backbone_place("vit_base_patch16_224", 5, beside_blocks=True, backbone_rank=4)
    request = MethodRequest("ase", {"experts": experts, "sparse": sparse, "shared": shared})
    config = request.config().placed(place.placement, 0.0, place.n_tasks)
    found = place.parameters(config)
    assert found.total / 1e6 == pytest.approx(millions, rel=0.02)


def test_smora_reads_as_much_as_lora_of_rank_40() -> None:
    assert of("smora", SQUARE, r=64, active=8).active == of("lora", SQUARE, r=40).active
