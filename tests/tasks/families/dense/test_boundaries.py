"""odsF: its corners, and its matching against a slow independent one."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from seesaw.tasks.families.dense.boundaries import (
    COARSE,
    count,
    count_all,
    laplacian,
    ods_and_ois,
    outlines,
    suppressed,
)
from seesaw.tasks.families.dense.matching import match

SIZE = (60, 80)  # diagonal 100: a tolerance of 0.02 is two pixels
REACH = 0.02


def line(column: int) -> np.ndarray:
    """A vertical line, one pixel wide."""
    mask = np.zeros(SIZE, bool)
    mask[5:55, column] = True
    return mask


def score(prediction: np.ndarray, *labels: np.ndarray) -> float:
    """odsF of one image."""
    return ods_and_ois([count(prediction.astype(float), labels, REACH)])["edge_odsF"]


def test_the_label_itself_scores_one() -> None:
    assert score(line(40), line(40)) == 1.0


@pytest.mark.parametrize(("shift", "wanted"), [(1, 1.0), (2, 1.0), (3, 0.0), (20, 0.0)])
def test_a_shift_counts_only_beyond_the_tolerance(shift: int, wanted: float) -> None:
    assert score(line(40 + shift), line(40)) == wanted


def test_nothing_found_scores_zero() -> None:
    assert score(np.zeros(SIZE), line(40)) == 0.0


def test_the_best_threshold_of_the_set_and_of_each_image() -> None:
    label = line(40)
    loud, quiet = 0.9 * line(40) + 0.5 * line(10), 0.4 * line(40) + 0.1 * line(10)
    found = ods_and_ois([count(image, [label], REACH) for image in (loud, quiet)])
    # at 0.4 both right lines stand and one of two wrong ones: precision 2/3
    assert found["edge_odsF"] == pytest.approx(0.8)
    assert found["edge_oisF"] == 1.0


def test_several_annotators_follow_the_rule_of_bsds() -> None:
    """Recall adds up over them; a pixel is right if any of them has it."""
    both = line(20) | line(60)
    counts = count(both.astype(float), [line(20), line(60)], REACH, thresholds=[0.5])
    assert counts.predicted[0] == counts.confirmed[0] == 100
    assert (counts.labelled[0], counts.recalled[0]) == (100, 100)
    one = count(line(20).astype(float), [line(20), line(60)], REACH, thresholds=[0.5])
    assert (one.labelled[0], one.recalled[0], one.confirmed[0]) == (100, 50, 50)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), reach=st.floats(0.5, 4.0))
def test_matching_agrees_with_a_slow_one(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    truth, found = (np.argwhere(rng.random((9, 11)) < 0.3) for _ in range(2))
    partners = match(truth, found, reach)
    taken = partners[partners >= 0]
    assert len(set(taken.tolist())) == len(taken)
    for pixel, partner in zip(truth, partners, strict=True):
        assert partner < 0 or np.hypot(*(pixel - found[partner])) <= reach + 1e-6
    graph = networkx.Graph()
    left = [("truth", i) for i in range(len(truth))]
    graph.add_nodes_from(left, bipartite=0)
    for i, a in enumerate(truth):
        for j, b in enumerate(found):
            if np.hypot(*(a - b)) <= reach + 1e-9:
                graph.add_edge(("truth", i), ("found", j))
    wanted = networkx.bipartite.hopcroft_karp_matching(graph, left)
    assert len(taken) == len(wanted) // 2


def test_processes_and_coarse_thresholds_count_the_same() -> None:
    rng = np.random.default_rng(0)
    pairs = [(rng.random(SIZE) * line(40), [line(41)]) for _ in range(5)]
    alone = list(count_all(pairs, REACH, thresholds=COARSE))
    together = count_all(pairs, REACH, thresholds=COARSE, processes=2)
    for pair, a, b in zip(pairs, alone, together, strict=True):
        assert a.recalled.tolist() == b.recalled.tolist()
        full = count(*pair, REACH)
        assert a.recalled.tolist() == full.recalled[4::5].tolist()


def test_suppression_leaves_the_ridge_and_no_border() -> None:
    columns = np.arange(SIZE[1])
    ridge = np.tile(np.exp(-(((columns - 40) / 3.0) ** 2)), (SIZE[0], 1))
    kept = suppressed(ridge)
    assert (kept[10:50].argmax(1) == 40).all()
    assert (kept[10:50] > 0.3).sum(1).max() == 1
    assert kept[0].max() == 0


def test_bad_maps_are_named() -> None:
    with pytest.raises(ValueError, match=r"prediction is \(60, 80\), its label \(2, 2\)"):
        count(np.zeros(SIZE), [np.zeros((2, 2), bool)], REACH)
    with pytest.raises(ValueError, match="probabilities"):
        count(np.full(SIZE, 255.0), [line(4)], REACH)
    with pytest.raises(ValueError, match="no images"):
        ods_and_ois([])


def test_the_scored_boundary_is_half_a_pixel_off_the_trained_one() -> None:
    labels = np.zeros((12, 20), int)
    labels[:, 10:] = 3
    assert np.nonzero(outlines(labels).any(0))[0].tolist() == [9]
    assert set(np.nonzero(laplacian(labels).any(0))[0]) <= {9, 10}
    assert not outlines(np.ones((5, 5), int)).any()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), reach=st.floats(1.0, 4.0))
def test_the_nearest_matching_is_the_cheapest_of_the_largest(seed: int, reach: float) -> None:
    rng = np.random.default_rng(seed)
    truth, found = (np.argwhere(rng.random((7, 8)) < 0.25) for _ in range(2))
    partners = match(truth, found, reach, nearest=True)
    kept = partners >= 0
    assert kept.sum() == (match(truth, found, reach) >= 0).sum()
    if not len(truth) or not len(found):
        return
    distances = np.hypot(*(truth[:, None] - found[None]).transpose(2, 0, 1))
    costs = np.where(distances <= reach + 1e-9, np.rint(100 * distances), 10**6)
    wanted = costs[linear_sum_assignment(costs)]
    own = np.rint(100 * distances[np.nonzero(kept)[0], partners[kept]])
    assert own.sum() == wanted[wanted < 10**6].sum()
