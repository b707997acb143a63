"""Work spread over processes."""

from __future__ import annotations

import os

import pytest

from seesaw.tasks.parallel import cpus


def test_cpus_are_counted_where_a_system_tells_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cpus() == os.cpu_count()
