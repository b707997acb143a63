"""What every registered method must do; a new one is tested by being registered."""

from __future__ import annotations

import pytest

from seesaw.methods import get_method, method_names
from seesaw.suite.checks import CHECKS

METHODS = [name for name in method_names() if get_method(name).has_adapter]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.slow
def test_method_passes(name: str, check: str) -> None:
    CHECKS[check](get_method(name))
