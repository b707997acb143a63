"""The look of entries: told apart by colour-blind readers, and never by colour alone."""

from __future__ import annotations

from itertools import combinations

import colour
import numpy as np
import pytest
from numpy.typing import NDArray

from seesaw.reports.drawing.style import FAMILIES, ORDER, VERDICTS, look_by

np.set_printoptions(legacy=False)  # colour changes it, and SVG names its clips by what it prints
APART = 10.0
"""CIE 2000 distance that is seen at a glance; 1 is just noticed side by side."""


def seen(colours: list[str], blindness: str | None) -> NDArray[np.float64]:
    """Colours (n, 3) in CIE Lab, as readers with a colour blindness see them."""
    light = colour.models.eotf_sRGB(np.array([colour.notation.HEX_to_RGB(own) for own in colours]))
    if blindness:
        light = np.clip(light @ colour.matrix_cvd_Machado2009(blindness, 1.0).T, 0, 1)
    found: NDArray[np.float64] = colour.XYZ_to_Lab(colour.RGB_to_XYZ(light, "sRGB"))
    return found


@pytest.mark.parametrize("blindness", [None, "Protanomaly", "Deuteranomaly", "Tritanomaly"])
@pytest.mark.parametrize("palette", [[own for own, _ in FAMILIES.values()], [*VERDICTS.values()]])
def test_colours_stay_apart(palette: list[str], blindness: str | None) -> None:
    lab = seen([*palette, "#FFFFFF"], blindness)
    for one, two in combinations(range(len(lab)), 2):
        assert colour.delta_E(lab[one], lab[two], method="CIE 2000") > APART


def test_a_marker_tells_methods_of_one_family_apart() -> None:
    for family, methods in ORDER.items():
        looks = [look_by(method) for method in methods]
        assert {own.family for own in looks} == {family}
        assert len({own.marker for own in looks}) == len({own.shape for own in looks})
        assert len({own.marker for own in looks}) == len(methods)


def test_a_new_method_has_the_colour_of_what_its_gate_reads_and_a_marker_of_its_own() -> None:
    for reads, family in (("none", "plain"), ("token", "token"), ("task", "task")):
        own = look_by("newcomer", reads)
        assert own.family == family
        assert own.marker not in {look_by(name).marker for name in ORDER[own.family]}
        assert own == look_by("newcomer", reads)
