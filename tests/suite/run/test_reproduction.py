"""What a run of another machine means, beside the published seeds of its entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import PROVENANCE, outcomes_of, record, spec

from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.run.reproduction import reproduction

ELSEWHERE = PROVENANCE.model_copy(
    update={"machine": "another machine", "threads": 1, "numerics": {"ATen": "AVX2"}}
)


def published(folder: Path, *scores: float) -> Store:
    """A store with one entry, a seed for each of `scores`, made elsewhere."""
    store = Store(str(folder))
    for seed, score in enumerate(scores):
        made = record(outcomes_of(), spec(seed=seed), score=score, provenance=ELSEWHERE)
        store.add(made, {".parquet": outcomes_of()})
    return store


def here(score: float) -> Record:
    """A run of seed 0 on this machine, with outcomes of its own."""
    return record(outcomes_of() + b" ", spec(seed=0), score=score, provenance=PROVENANCE)


def test_a_run_inside_what_seeds_do_says_so(tmp_path: Path) -> None:
    said = reproduction(here(0.76), published(tmp_path, 0.75, 0.77, 0.78))
    assert said == (
        "differs from the published record by up to 1.00 (made on another machine, with 1 thread, "
        "with kernels ATen AVX2); inside what 3 seeds do"
    )


def test_a_run_outside_what_seeds_do_names_tasks_and_intervals(tmp_path: Path) -> None:
    said = reproduction(here(0.60), published(tmp_path, 0.75, 0.77, 0.78))
    assert said is not None
    # two tasks: t at 1 - .05 / 4 with 2 degrees of freedom is 6.205; 76.67 -+ 6.205 x 1.528 x 1.155
    assert "outside what 3 seeds do, look here: a 60.00 is not in 65.72 to 87.61; b 60.00" in said


def test_the_same_weights_whose_metric_was_rounded_otherwise_are_a_reproduction(
    tmp_path: Path,
) -> None:
    store, weights = Store(str(tmp_path)), {"trained_sha256": "a" * 64}
    there = record(outcomes_of(), spec(), score=0.75, provenance=ELSEWHERE)
    store.add(there.model_copy(update=weights), {".parquet": outcomes_of()})
    assert reproduction(here(0.75 + 1e-9).model_copy(update=weights), store) == (
        "reproduced the published record: the same trained weights bit for bit, scores within "
        "1e-07 (made on another machine, with 1 thread, with kernels ATen AVX2)"
    )
    for score, sha256 in ((0.76, "a"), (0.75 + 1e-9, "b")):
        other = here(score).model_copy(update={"trained_sha256": sha256 * 64})
        said = reproduction(other, store)
        assert said is not None
        assert said.startswith("differs from the published record")


@pytest.mark.parametrize("seeds", [(0.75,), (0.75, 0.77)])
def test_too_few_published_seeds_are_said(tmp_path: Path, seeds: tuple[float, ...]) -> None:
    said = reproduction(here(0.76), published(tmp_path, *seeds))
    assert said is not None
    assert f"{len(seeds)} published seed" in said
    assert "cannot say" in said


def test_seeds_of_other_recipes_are_no_seeds_of_the_entry(tmp_path: Path) -> None:
    store = published(tmp_path, 0.75, 0.77)
    other = spec(seed=2).model_copy(update={"recipe": {"steps": 30}})
    store.add(record(outcomes_of(), other, score=0.2), {".parquet": outcomes_of()})
    assert [r.spec.seed for r in store.seeds(spec(seed=5))] == [0, 1]


def test_the_same_machine_is_not_excused(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.add(record(outcomes_of(), spec(), score=0.75), {".parquet": outcomes_of()})
    said = reproduction(here(0.76), store)
    assert said is not None
    assert said.endswith("which was made on the same kind of machine")
