"""What pages say of methods is there for all of them, and agrees with the methods."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from seesaw.methods import get_method, method_names
from seesaw.reports.about import methods


@pytest.mark.parametrize("name", method_names())
def test_every_method_has_its_paper_and_an_equation_that_is_drawn(name: str) -> None:
    about = methods()[name]
    assert (about.paper or "") == get_method(name).paper
    math = ElementTree.fromstring(about.mathml)
    assert math.tag.endswith("math")
    assert not [own for own in math.iter() if "merror" in own.tag or "\\" in (own.text or "")]


def test_nothing_is_said_of_methods_that_are_not_there() -> None:
    assert set(methods()) <= set(method_names())
