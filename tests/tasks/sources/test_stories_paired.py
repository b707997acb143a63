"""The second version of the stories: its pairs, its dial, and that the first is what it was."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources.stories.meanings import NOUNS, SPOKEN, rankings, tongues
from seesaw.tasks.sources.stories.paired import load
from seesaw.tasks.sources.stories.world import VELO
from seesaw.tasks.task import SPLITS, DataError
from seesaw.tasks.track import get_track

SIZES = {"data_seed": 0, "train": 60, "dev": 20, "test": 40}
PAIRS = (("translation", "dialect"), ("age", "size"), ("liking", "wanting"))
RESULTS = Path(__file__).parents[3] / "results"


def drawn(conflict: float, **options: Any) -> dict[str, dict[str, Sequence[Instruction]]]:
    """Examples by task and split."""
    found = load({**SIZES, "conflict": conflict, **options})
    return {d.task.name: {split: d.split(split) for split in SPLITS} for d in found}


def asked(example: Instruction) -> str:
    """A prompt without its instruction."""
    return example.prompt.split(". ", 1)[1]


def instruction(example: Instruction) -> str:
    """What is asked, without the thing that it is asked of."""
    words = example.prompt.split(". ")[0].split()
    return " ".join("" if word in NOUNS else word for word in words)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("conflict", "least", "most"), [(0, 0, 0), (0.5, 0.3, 0.95), (1, 1, 1)])
def test_a_pair_differs_where_conflict_says(
    pair: tuple[str, str], conflict: float, least: float, most: float
) -> None:
    data = drawn(conflict)
    one, other = (data[name] for name in pair)
    for split in SPLITS:
        assert [asked(e) for e in one[split]] == [asked(e) for e in other[split]]
        told = [{instruction(e) for e in own[split]} for own in (one, other)]
        assert [len(texts) for texts in told] == [1, 1]
        assert told[0] != told[1]
    both = [pair for split in SPLITS for pair in zip(one[split], other[split], strict=True)]
    differ = np.mean([a.answer != b.answer for a, b in both])
    assert least <= differ <= (most if pair != PAIRS[0] or conflict != 0.5 else 1)


@given(st.integers(0, 9), st.floats(0, 1))
@settings(max_examples=30)
def test_so_many_words_are_disputed(seed: int, conflict: float) -> None:
    grown, dialect = tongues(np.random.default_rng(seed), conflict)
    assert list(grown) == list(dialect)
    assert sum(grown[word] != dialect[word] for word in grown) == round(conflict * len(SPOKEN))
    assert all(grown[word] == VELO[word] for word in VELO.keys() & grown.keys())
    age, size = rankings(np.random.default_rng(seed), conflict)
    assert sorted(age) == sorted(size) == sorted(NOUNS)
    # with an odd number of things the middle one is as old as it is big
    differ = sum(age[word] != size[word] for word in NOUNS)
    assert round(conflict * len(NOUNS)) - differ in (0, len(NOUNS) % 2)


def test_answers_follow_the_rules() -> None:
    data = drawn(0.5)
    for name in ("translation", "dialect"):
        means: dict[str, str] = {}
        for example in (e for split in SPLITS for e in data[name][split]):
            _, *like, who, does = asked(example)[:-1].split()
            for word, said in zip((who, *like, does), example.answer.split(), strict=True):
                assert means.setdefault(word, said) == said
    for example in data["sorting"]["test"]:
        numbers = sorted(map(int, asked(example)[:-1].split()), reverse=True)
        assert list(map(int, example.answer.split())) == numbers


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
    one, other = (tongues(np.random.default_rng(seed), 1) for seed in (0, 1))
    assert one != other


@pytest.mark.parametrize("conflict", [-0.1, 1.5, float("nan"), "half", None, True])
def test_a_dial_outside_its_range_is_refused(conflict: Any) -> None:
    with pytest.raises(DataError, match=r"conflict is .*; it must be a number from 0 to 1"):
        load({**SIZES, "conflict": conflict})


def test_the_first_version_is_what_was_published() -> None:
    record = sorted((RESULTS / "stories@1" / "700416" / "lora").glob("0-*.json"))[0]
    wanted = json.loads(record.read_text())["spec"]["data_sha256"]
    _, data = get_track("stories@1").load_data(None)
    assert {own.task.name: own.sha256() for own in data} == wanted
