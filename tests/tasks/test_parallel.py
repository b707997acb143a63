"""Work spread over processes."""

from __future__ import annotations

import os

import pytest

from seesaw.tasks.parallel import beside, cpus, mapped


def test_cpus_are_counted_where_a_system_tells_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cpus() == os.cpu_count()


@pytest.mark.parametrize("processes", [1, 2])
def test_work_beside_gives_its_results_in_the_order_that_they_are_asked_for(processes: int) -> None:
    with beside(processes) as submit:
        waiting = [submit(abs, number) for number in (-3, 2, -1)]
        wrong = submit(len, 3)
        assert [later() for later in waiting] == [3, 2, 1]
        with pytest.raises(TypeError, match="len"):
            wrong()


def test_mapped_keeps_the_order_of_items_over_processes() -> None:
    numbers = range(-20, 20)
    assert list(mapped(abs, numbers, 2, chunk=3)) == [abs(number) for number in numbers]
