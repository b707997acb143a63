"""Maps as pictures: shares in grey, classes in colours that are easy to tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seesaw.tasks.families.dense.sample import IGNORE, Array


def grey(values: Array) -> NDArray[np.uint8]:
    """Shares (H, W) as a grey picture; 255, to ignore, becomes white."""
    tones = np.asarray(255 * np.clip(values, 0, 1), np.uint8)
    return np.repeat(tones[..., None], 3, axis=-1)


def _palette() -> NDArray[np.uint8]:
    """256 colours that are easy to tell apart, black first and grey last."""
    hues = (np.arange(256) * 0.381966) % 1.0  # turns by the golden angle
    light = 0.55 + 0.4 * ((np.arange(256) * 5) % 3) / 2
    waves = [np.abs((hues * 6 + shift) % 6 - 3) - 1 for shift in (0, 4, 2)]
    colours = np.stack([np.clip(wave, 0.1, 0.95) * light for wave in waves], axis=-1)
    colours[0], colours[IGNORE] = 0.0, 0.5
    return np.asarray(255 * colours, np.uint8)


PALETTE = _palette()
