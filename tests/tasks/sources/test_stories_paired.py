"""The second version of the stories: its pairs, its dial, and that the first is what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources.stories.meanings import RANKED, rankings
from seesaw.tasks.sources.stories.paired import load
from seesaw.tasks.task import SPLITS

SIZES = {"data_seed": 0, "train": 60, "dev": 20, "test": 40}
PAIRS = (("seeing", "following"), ("finding", "hearing"), ("liking", "wanting"))
WRITTEN = ("seeing", "following", "helping")
RESULTS = Path(__file__).parents[3] / "results"


def drawn(conflict: float, **options: Any) -> dict[str, dict[str, Sequence[Instruction]]]:
    """Examples by task and split."""
    found = load({**SIZES, "conflict": conflict, **options})
    return {d.task.name: {split: d.split(split) for split in SPLITS} for d in found}


def asked(example: Instruction) -> str:
    """A prompt without its instruction."""
    return example.prompt.split(". ", 1)[1]


def instruction(example: Instruction) -> str:
    """What is wanted of the words."""
    return example.prompt.split(". ", 1)[0]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("conflict", "least", "most"), [(0, 0, 0), (0.5, 0.3, 0.95), (1, 1, 1)])
def test_a_pair_differs_where_conflict_says(
    pair: tuple[str, str], conflict: float, least: float, most: float
) -> None:
    data = drawn(conflict)
    one, other = (data[name] for name in pair)
    for split in SPLITS:
        assert [asked(e) for e in one[split]] == [asked(e) for e in other[split]]
    both = [pair for split in SPLITS for pair in zip(one[split], other[split], strict=True)]
    differ = np.mean([a.answer != b.answer for a, b in both])
    assert least <= differ <= most


def test_every_task_has_an_instruction_of_its_own() -> None:
    told = {name: {instruction(e) for e in splits["train"]} for name, splits in drawn(0.5).items()}
    assert {len(texts) for texts in told.values()} == {1}
    assert len(set.union(*told.values())) == len(told) == 8


@given(st.integers(0, 9), st.floats(0, 1))
@settings(max_examples=30)
def test_so_many_words_are_disputed(seed: int, conflict: float) -> None:
    one, other = rankings(np.random.default_rng(seed), conflict)
    assert sorted(one) == sorted(other) == sorted(RANKED)
    assert len(set(one.values())) == len(set(other.values())) == len(RANKED)
    assert sum(one[word] != other[word] for word in RANKED) == round(conflict * len(RANKED))


@given(st.integers(0, 9), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=30)
def test_more_conflict_disputes_all_that_less_does(seed: int, one: float, other: float) -> None:
    low, high = (
        {word for word in first if first[word] != second[word]}
        for first, second in (
            rankings(np.random.default_rng(seed), share) for share in sorted((one, other))
        )
    )
    assert low <= high


@pytest.mark.parametrize("conflict", [0, 0.5, 1])
def test_all_answers_of_a_task_are_of_one_order(conflict: float) -> None:
    """Whatever comes first before something never comes after it, by however many steps."""
    for name, splits in drawn(conflict).items():
        before: dict[str, set[str]] = {word: set() for word in RANKED}
        for example in (e for split in SPLITS for e in splits[split]):
            words, answer = set(asked(example)[:-1].split()), example.answer.split()
            assert len(words) == (6 if name in WRITTEN else 4)
            before[answer[0]] |= words - {answer[0]}
            if name in WRITTEN:
                _, last = answer
                for word in words - {last}:
                    before[word].add(last)
            else:
                assert words == {choice.strip() for choice in example.choices}
        TopologicalSorter(before).prepare()


def test_nobody_asked_twice_and_choices_give_nothing_away() -> None:
    data = drawn(0.5)
    for name, splits in data.items():
        prompts = [example.prompt for own in splits.values() for example in own]
        assert len(set(prompts)) == len(prompts) == sum(SIZES.values()), name
        for example in splits["test"]:
            assert not example.choices or example.choices.count(example.answer) == 1
        if splits["test"][0].choices:
            places = Counter(e.choices.index(e.answer) for e in splits["test"])
            assert max(places.values()) < 0.5 * SIZES["test"]


def test_the_seed_is_all_there_is_to_the_data() -> None:
    assert drawn(0.5) == drawn(0.5)
    assert drawn(0.5) != drawn(0.5, data_seed=1)
    one, other = (rankings(np.random.default_rng(seed), 1) for seed in (0, 1))
    assert one != other
