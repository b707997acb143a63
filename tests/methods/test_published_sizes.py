"""Sizes the papers state, out of our formulas (docs/budgets.md)."""

from __future__ import annotations

import pytest

from methods import get_method

SQUARE = (4096, 4096)
T5_BASE = [(768, 768)] * 4 * 36 + [(768, 3072), (3072, 768)] * 24


def test_mode_table_2_puts_lora_and_molora_on_the_same_scale() -> None:
    shape = (22_528, 4_608)
    base = get_method("mode")(candidates=16, r=4).place_parameters("x", shape, 1).total / 6.64
    lora = get_method("lora")(r=64).place_parameters("x", shape, 1).total
    molora = get_method("molora")(r=64, experts=16).place_parameters("x", shape, 1).total
    assert lora / base == pytest.approx(6.31, abs=0.015)
    assert molora / base == pytest.approx(7.62, abs=0.015)


def test_hydralora_is_mode_with_one_router_for_all_slots_and_left_it_out() -> None:
    hydra = get_method("mode")(r=8, candidates=3, part=8).place_parameters("x", SQUARE, 1)
    places, llama = 2 * 32, 6_738_415_616
    assert 100 * places * hydra.experts / llama == pytest.approx(0.1245, abs=1e-4)
    assert 100 * places * hydra.total / llama == pytest.approx(0.136, abs=5e-4)


def test_lora_and_moelora_on_t5_base() -> None:
    lora = sum(get_method("lora")(r=8).place_parameters("x", s, 8).total for s in T5_BASE)
    assert lora / 8 / 2**20 == pytest.approx(0.387, abs=1e-3)
    config = get_method("moelora")(r=16)
    shapes = {f"layer.{i}": shape for i, shape in enumerate(T5_BASE)}
    assert config.parameters(shapes, 8).total / 8 == pytest.approx(0.811e6, rel=2e-3)


def test_smora_reads_as_much_as_lora_of_rank_40() -> None:
    smora = get_method("smora")(r=64, active=8).place_parameters("x", SQUARE, 1)
    lora = get_method("lora")(r=40).place_parameters("x", SQUARE, 1)
    assert smora.active == lora.active
