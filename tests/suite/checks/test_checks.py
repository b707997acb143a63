"""Every conformance check finds out the methods that are wrong in its way, and no others."""

from __future__ import annotations

import re
from typing import Any

import broken_contract  # noqa: F401 (its methods list themselves)
import broken_honesty  # noqa: F401
import broken_numerics  # noqa: F401
import pytest
from broken import BROKEN, Broken
from cheats import AsksForTheTask, cheat

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.tuner import register_tuner
from seesaw.suite.checks import CHECKS, run_checks

SLOW = "a_compiled_run_agrees"


def known(method: Any) -> Any:
    """The method, known to PEFT."""
    if issubclass(method, GatedConfig):
        register_tuner(method)
    return method


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.method.name)
def test_a_broken_method_fails_its_check_and_no_other(
    broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    if broken.check != SLOW:
        monkeypatch.delitem(CHECKS, SLOW)
    found = {name: problem for name, problem in run_checks(known(broken.method)) if problem}
    assert re.search(broken.message, found.get(broken.check, "")), found
    assert set(found) == {broken.check, *broken.also}, found


def test_every_check_has_a_broken_method() -> None:
    assert {broken.check for broken in BROKEN} == set(CHECKS)


def test_an_error_of_a_method_is_a_problem_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(CHECKS, SLOW)
    found = dict(run_checks(known(cheat(AsksForTheTask))))
    assert list(found) == list(CHECKS)
    assert "told_task = False and asks" in (found["the_task_is_known_only_if_declared"] or "")
    assert (found["bfloat16_agrees"] or "").startswith("ValueError: it routes on the task")
    assert found["sizes_grow"] is None
