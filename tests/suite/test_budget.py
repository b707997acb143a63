"""The budget solver: within its tolerance for every method, or an error that helps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods import get_method, method_names
from suite.budget import ABOVE, BELOW, BudgetError, solve, spread

MINILM = {f"layer.{i}.{name}": shape for i in range(6) for name, shape in {
    "query": (384, 384), "key": (384, 384), "value": (384, 384), "out": (384, 384),
    "up": (384, 1536), "down": (1536, 384),
}.items()}  # fmt: skip
FULL = 2_654_208


@pytest.mark.parametrize("name", method_names())
@settings(max_examples=25, deadline=None)
@given(target=st.integers(165_888, 4_000_000), n_tasks=st.integers(1, 8))
def test_every_method_fills_the_budget(name: str, target: int, n_tasks: int) -> None:
    config = get_method(name)().scaled(2.0)
    solved = solve(config, MINILM, n_tasks, target)
    total = solved.parameters(MINILM, n_tasks).total
    assert (1 - BELOW) * target <= total <= (1 + ABOVE) * target


@pytest.mark.parametrize("name", method_names())
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
    assert all(MINILM[place] in ((384, 1536), (1536, 384)) for place in pattern)
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
        solve(get_method("lora")(), {"x": (20736, 20736)}, 1, 60_000)
    with pytest.raises(BudgetError, match=r"nearest sizes are 41,472 \(r = 1\)"):
        solve(get_method("lora")(), {"x": (20736, 20736)}, 1, 10_000)


@given(st.integers(0, 200))
def test_spread_is_an_order_of_everything(n: int) -> None:
    assert sorted(spread(n)) == list(range(n))
