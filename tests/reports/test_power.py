"""Intervals and detectable differences against scipy and simulated runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seesaw.reports.intervals import Interval
from seesaw.reports.power import detectable
from seesaw.reports.quantity import Quantity


def interval(*values: float) -> Interval | None:
    return Interval.of(Quantity(dict(enumerate(values))))


NUMBERS = st.lists(st.floats(-100, 100), min_size=2, max_size=9)


@given(NUMBERS)
def test_an_interval_excludes_zero_where_a_t_test_finds_something(
    values: list[float],
) -> None:
    found = interval(*values)
    assert found is not None
    assert found.low <= found.mean <= found.high
    if np.std(values) > 1e-6:
        p = stats.ttest_1samp(values, 0.0).pvalue
        assert (found.low > 0 or found.high < 0) == (p < 0.05) or abs(p - 0.05) < 1e-9


def test_equal_differences_leave_nothing_open() -> None:
    found = interval(2.0, 2.0, 2.0)
    assert found == Interval(2.0, 2.0, 2.0, 3, with_items=False)
    assert (str(found), found.signed) == ("2.0 (2.0 to 2.0)", "+2.0 (+2.0 to +2.0)")


def test_one_difference_has_no_interval() -> None:
    assert interval(1.0) is None


@pytest.mark.parametrize("pairs", [3, 5, 10])
def test_a_detectable_difference_is_found_four_times_out_of_five(pairs: int) -> None:
    sd, times = 1.7, 40_000
    shift = detectable(sd, pairs)
    drawn = np.random.default_rng(0).normal(shift, sd, size=(times, pairs))
    found = stats.ttest_1samp(drawn, 0.0, axis=1)
    assert np.mean(found.pvalue < 0.05) == pytest.approx(0.8, abs=0.01)
    assert np.mean((found.pvalue < 0.05) & (found.statistic < 0)) == 0.0


@given(st.floats(0, 50), st.integers(2, 20))
def test_it_grows_with_the_noise_and_falls_with_the_pairs(sd: float, pairs: int) -> None:
    assert detectable(2 * sd, pairs) == pytest.approx(2 * detectable(sd, pairs))
    assert detectable(sd, pairs + 1) <= detectable(sd, pairs)
