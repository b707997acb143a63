"""The interquartile mean and the profile against their formulas, written out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import record, spec

from seesaw.reports.board import Entry
from seesaw.reports.robust import iqm, profile

SCORES = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=2, max_size=6)


def entry(scores: list[float]) -> Entry:
    """Two tasks with the same score, for every seed."""
    runs = [record(None, spec("lora", seed), own) for seed, own in enumerate(scores)]
    return Entry("lora", runs)


@given(SCORES)
def test_the_interquartile_mean_leaves_out_a_quarter_on_both_sides(scores: list[float]) -> None:
    ordered = sorted(100 * own for own in scores for _ in "ab")
    cut = len(ordered) // 4
    middle = ordered[cut : len(ordered) - cut]
    assert iqm(entry(scores)) == pytest.approx(sum(middle) / len(middle))


@given(SCORES, st.floats(-1, 101))
def test_a_profile_is_the_share_of_scores_above(scores: list[float], least: float) -> None:
    share = sum(100 * own > least for own in scores) / len(scores)
    assert profile(entry(scores), [least]) == [pytest.approx(share)]
