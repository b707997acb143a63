"""Thinning, against scikit-image's."""

from __future__ import annotations

import numpy as np
import skimage.morphology
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from seesaw.tasks.families.dense.thinning import thin


@settings(max_examples=150)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    share=st.floats(0, 1),
    blur=st.floats(0, 3),
    seed=st.integers(0, 10**6),
)
def test_it_leaves_the_same_pixels(
    height: int, width: int, share: float, blur: float, seed: int
) -> None:
    noise = np.random.default_rng(seed).normal(size=(height, width))
    blobs = gaussian_filter(noise, blur)
    mask = blobs >= np.quantile(blobs, share)
    given_mask = mask.copy()
    assert np.array_equal(thin(mask), skimage.morphology.thin(mask))
    assert np.array_equal(mask, given_mask)
