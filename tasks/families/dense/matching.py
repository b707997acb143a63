"""Matching of pixels, one to one within a distance, as boundaries are scored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow, min_weight_full_bipartite_matching
from scipy.spatial import cKDTree


def match(
    truth: NDArray[np.int64], found: NDArray[np.int64], reach: float, nearest: bool = False
) -> NDArray[np.int64]:
    """Partner in `found` (m, 2) of every pixel of `truth` (n, 2), or -1; as many as can be.

    One to one, none farther apart than `reach` pixels; if `nearest`, of all such matchings one with
    the smallest total distance.
    """
    if not len(truth) or not len(found):
        return np.full(len(truth), -1)
    near = cKDTree(truth).sparse_distance_matrix(
        cKDTree(found), reach + 1e-9, output_type="coo_matrix"
    )
    if nearest:
        return _nearest(near)
    return _most(near)


def _most(near: Any) -> NDArray[np.int64]:
    """As many pairs as can be: a flow of one unit through every pixel of either side."""
    # SciPy's maximum_bipartite_matching takes minutes on some images where this takes milliseconds
    rows, columns = near.shape
    source, sink = rows + columns, rows + columns + 1
    start = np.concatenate((near.row, np.full(rows, source), rows + np.arange(columns)))
    end = np.concatenate((rows + near.col, np.arange(rows), np.full(columns, sink)))
    graph = coo_array((np.ones(len(start), np.int32), (start, end)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(graph.tocsr(), source, sink, method="dinic").flow[:rows].tocoo()
    partners = np.full(rows, -1)
    used = flow.data > 0
    partners[flow.row[used]] = flow.col[used] - rows
    return partners


def _nearest(near: Any) -> NDArray[np.int64]:
    """Largest matching of least distance; every row may also stay alone, which costs most."""
    rows, columns = near.shape
    # the solver hangs on fractions; a pixel on the spot must weigh something, or is no edge
    weights = np.rint(100 * near.data) + 1
    alone = np.full(rows, rows * (weights.max(initial=0) + 1))
    everyone = np.arange(rows)
    graph = coo_array(
        (
            np.concatenate((weights, alone)),
            (np.concatenate((near.row, everyone)), np.concatenate((near.col, columns + everyone))),
        ),
        shape=(rows, columns + rows),
    ).tocsr()
    _, partners = min_weight_full_bipartite_matching(graph)
    return np.where(partners < columns, partners, -1).astype(np.int64)
