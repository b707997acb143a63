"""Thinning to lines of one pixel (Guo and Hall, 1989), as MATLAB's `bwmorph(..., 'thin')` does it.

The same pixels as `skimage.morphology.thin`, which looks at the whole image in every pass; here a
pass looks only where the one before took a neighbour away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
AROUND = ((0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1))
"""Neighbours x1 ... x8, counterclockwise from the right; x_k is bit k - 1 of a pixel's code."""


def _removable() -> tuple[Mask, Mask]:
    """Whether a pixel may go in the first and in the second half of a pass, by its code."""
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1 == 1
    # numbered as in the paper; x9 is x1
    x = [bits[:, (k - 1) % 8] for k in range(10)]
    crossings = sum((~x[k] & (x[k + 1] | x[k + 2])).astype(int) for k in (1, 3, 5, 7))
    odd = sum((x[k] | x[k + 1]).astype(int) for k in (1, 3, 5, 7))
    even = sum((x[k + 1] | x[k + 2]).astype(int) for k in (1, 3, 5, 7))
    fewest = np.minimum(odd, even)
    either = (crossings == 1) & (fewest >= 2) & (fewest <= 3)
    first = either & ~((x[2] | x[3] | ~x[8]) & x[1])
    second = either & ~((x[6] | x[7] | ~x[4]) & x[5])
    return first, second


REMOVABLE = _removable()


def thin(mask: Mask) -> Mask:
    """Boundaries (H, W) thinned until nothing more can go; lines keep their ends and stay whole."""
    padded = np.pad(mask.astype(bool), 1)
    alive, width = padded.ravel(), padded.shape[1]
    steps = [down * width + across for down, across in AROUND]
    pixels = np.flatnonzero(alive)
    codes = np.zeros(alive.size, np.uint8)
    for bit, step in enumerate(steps):
        codes[pixels] |= alive[pixels + step].astype(np.uint8) << bit
    waiting = [[pixels], [pixels]]
    while any(waiting):
        for half, removable in enumerate(REMOVABLE):
            if not waiting[half]:
                continue
            seen = np.concatenate(waiting[half])
            waiting[half] = []
            gone = np.unique(seen[alive[seen] & removable[codes[seen]]])
            alive[gone] = False
            for bit, step in enumerate(steps if gone.size else ()):
                beside = gone + step
                # to its neighbour on the right a pixel is the one on the left
                codes[beside] &= np.uint8(255 - (1 << (bit + 4) % 8))
                waiting[0].append(beside)
                waiting[1].append(beside)
    return padded[1:-1, 1:-1]
