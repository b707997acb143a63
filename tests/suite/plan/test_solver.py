"""The budget solver: within its tolerance for every method, or an error that helps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.methods import get_method, method_names
from seesaw.methods.core.placement import Place, Placement
from seesaw.suite.plan.solver import ABOVE, BELOW, MOST_TOTAL, BudgetError, solve, spread

MINILM = {Place.at(f"layer.{i}.{name}"): shape for i in range(6) for name, shape in {
    "query": (384, 384), "key": (384, 384), "value": (384, 384), "out": (384, 384),
    "up": (384, 1536), "down": (1536, 384),
}.items()}  # fmt: skip
FULL = 2_654_208


COMPARED = [name for name in method_names() if not get_method(name).control]


@pytest.mark.parametrize("name", COMPARED)
@settings(max_examples=25)
@given(target=st.integers(100_000, 4_000_000), n_tasks=st.integers(1, 8))
def test_the_budget_is_filled_or_the_nearest_sizes_named(
    name: str, target: int, n_tasks: int
) -> None:
    config = get_method(name)().scaled(2.0)
    try:
        solved = solve(config, MINILM, n_tasks, target)
    except BudgetError as error:
        sizes = re.findall(r"([\d,]+) \(r = ", str(error))
        totals = [int(size.replace(",", "")) for size in sizes]
        assert totals
        assert target < 660_000
        assert all(t < (1 - BELOW) * target or t > (1 + ABOVE) * target for t in totals)
    else:
        total = solved.parameters(MINILM, n_tasks).total
        assert (1 - BELOW) * target <= total <= (1 + ABOVE) * target


@pytest.mark.parametrize("name", method_names())
@settings(max_examples=25)
@given(target=st.integers(100_000, 1_000_000), n_tasks=st.integers(1, 8))
def test_a_budget_of_what_is_active_counts_that_alone(name: str, target: int, n_tasks: int) -> None:
    config = get_method(name)().placed(Placement(".*"), 0.0, n_tasks).scaled(2.0)
    try:
        solved = solve(config, MINILM, n_tasks, target, "active")
    except BudgetError as error:
        said = str(error)
        assert any(of in said for of in ("active parameters", "token uses", "over the budget"))
    else:
        counts = solved.parameters(MINILM, n_tasks)
        if config.under_budget:
            assert counts.active <= (1 + ABOVE) * target
            assert counts.total <= MOST_TOTAL * target
        if not config.fixed_size:
            assert counts.active >= (1 - BELOW) * target


def test_active_parameters_are_an_eighth_of_all_at_the_least() -> None:
    share = get_method("lora_per_task")().placed(Placement(".*"), 0.0, 9).scaled(2.0)
    with pytest.raises(BudgetError, match=r"5,971,968 parameters where one token uses 663,552"):
        solve(share, MINILM, 9, FULL // 4, "active")


@pytest.mark.parametrize("name", COMPARED)
def test_the_default_budget_is_lora_of_rank_64(name: str) -> None:
    solved = solve(get_method(name)().scaled(2.0), MINILM, 8, FULL)
    assert 0.98 * FULL <= solved.parameters(MINILM, 8).total <= FULL
    if name == "lora":
        assert (solved.r, solved.rank_pattern) == (64, {})


def test_raised_places_are_spread_and_the_scale_stays_nominal() -> None:
    lora = get_method("lora")().scaled(2.0)
    solved = solve(lora, MINILM, 8, FULL + 5 * 1920)
    assert solved.r == 64
    pattern = solved.rank_pattern or {}
    assert len(pattern) == 5
    assert all(MINILM[Place.at(place)] in ((384, 1536), (1536, 384)) for place in pattern)
    assert len({place.split(".")[1] for place in pattern}) >= 3
    described = solved.describe()
    assert described["lora_alpha"] == 128
    assert set(described["alpha_pattern"].values()) == {130}


def test_smora_keeps_its_active_share() -> None:
    solved = solve(get_method("smora")().scaled(2.0), MINILM, 8, FULL).describe()
    assert solved["r"] == 42
    assert solved["active"] == 5
    assert solved["alpha"] / solved["active"] == 2.0


def test_a_budget_that_does_not_fit_names_the_nearest_sizes() -> None:
    with pytest.raises(BudgetError, match=r"budget of 60,000 .* 41,472 \(r = 1\) and 82,944"):
        solve(get_method("lora")(), {Place.at("x"): (20736, 20736)}, 1, 60_000)
    with pytest.raises(BudgetError, match=r"nearest sizes are 41,472 \(r = 1\)"):
        solve(get_method("lora")(), {Place.at("x"): (20736, 20736)}, 1, 10_000)


def test_controls_of_a_fixed_size_stay_under_the_budget() -> None:
    lora = get_method("lora_rank")(r=5).scaled(2.0)
    assert solve(lora, MINILM, 8, FULL).r == 5
    with pytest.raises(
        BudgetError, match=r"lora_rank has 207,360 \(r = 5\): over the budget of 1,000"
    ):
        solve(lora, MINILM, 8, 1000)
    assert solve(get_method("head_only")(), MINILM, 8, 1000).parameters(MINILM, 8).total == 0


def test_full_fine_tuning_is_under_no_budget() -> None:
    full = solve(get_method("full")(), MINILM, 8, 1)
    assert full.parameters(MINILM, 8).total == sum(a * b for a, b in MINILM.values())


def test_one_lora_per_task_shares_the_budget_out_or_has_one_each() -> None:
    for name, share in (("lora_per_task", 1), ("lora_per_task_full", 8)):
        config = get_method(name)().placed(Placement(".*"), 0.0, 8).scaled(2.0)
        counts = solve(config, MINILM, 8, FULL).parameters(MINILM, 8)
        assert counts.total == share * FULL
        assert counts.active == share * FULL // 8


@given(st.integers(0, 200))
def test_spread_is_an_order_of_everything(n: int) -> None:
    assert sorted(spread(n)) == list(range(n))
