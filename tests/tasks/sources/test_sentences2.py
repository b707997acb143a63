"""The second sentence tasks: the same everywhere, balanced, and tested on words not trained on."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.text.baselines import bag_of_words, constant
from seesaw.tasks.sources.sentences2 import load
from seesaw.tasks.sources.sentences2.lexicon import of_split
from seesaw.tasks.sources.sentences2.pairs import PAIRS
from seesaw.tasks.sources.sentences2.scales import DANGER, PRICE, SIZE, STANDING, VIEW, WARMTH
from seesaw.tasks.sources.sentences2.synonyms import ACTIONS, PERSONS
from seesaw.tasks.task import SPLITS, DataError, TaskData

TRACK = get_track("sentences@2")
OPTIONS = TRACK.options
COUNTS = {split: OPTIONS[split] for split in SPLITS}
DATA = load(OPTIONS)
BY_NAME = {data.task.name: data for data in DATA}
SMALL = {"train": 40, "dev": 11, "test": 23}


def texts(data: TaskData, split: str) -> list[tuple[str, str | None]]:
    return [example[:2] for example in data.split(split)]


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_sizes_and_no_text_twice(data: TaskData) -> None:
    assert {split: len(data.split(split)) for split in SPLITS} == COUNTS
    counts = Counter(text for split in SPLITS for text in texts(data, split))
    assert max(counts.values()) == 1


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_answers_are_balanced(data: TaskData) -> None:
    shares = Counter(example.label for example in data.train)
    assert min(shares) == 0.0
    assert max(shares) == 5.0
    assert max(shares.values()) < 0.45 * COUNTS["train"]


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_words_alone_are_worth_little_more_than_a_constant(data: TaskData) -> None:
    metric = data.task.metrics[0]
    assert bag_of_words(data)[metric] < constant(data)[metric] + 0.2


@pytest.mark.parametrize(
    ("words", "task"),
    [
        (VIEW, "view"),
        (PRICE, "price"),
        (STANDING, "standing"),
        (DANGER, "danger"),
        (SIZE, "size"),
        (WARMTH, "warmth"),
    ],
)
def test_words_of_one_split_are_in_no_other(words: tuple[tuple[str, ...], ...], task: str) -> None:
    own = {split: {w for group in words for w in of_split(group, split)} for split in SPLITS}
    assert sum(map(len, own.values())) == sum(map(len, words))
    for split in SPLITS:
        found = set(re.findall(r"\w+", " ".join(a for a, _ in texts(BY_NAME[task], split))))
        used = {word for word in chain(*words) if {word, word.capitalize()} & found}
        assert used
        assert used <= own[split]


@pytest.mark.parametrize("split", SPLITS)
def test_synonyms_are_parted_as_pairs(split: str) -> None:
    pairs = [*of_split(PERSONS, split), *of_split(ACTIONS, split)]
    allowed = {word for pair in pairs for word in pair}
    for a, b in texts(BY_NAME["similarity"], split):
        words = set(re.findall(r"\w+", f"{a} {b}".lower()))
        assert words <= allowed | {"the", "was", "they"}


@settings(max_examples=25)
@given(conflict=st.floats(0.0, 1.0), seed=st.integers(0, 999))
def test_conflict_is_the_share_of_shared_sentences_whose_answers_differ(
    conflict: float, seed: int
) -> None:
    data = {d.task.name: d for d in load({"conflict": conflict, "data_seed": seed, **SMALL})}
    for pair in PAIRS:
        one, other = (data[task.name] for task in pair.tasks)
        for split, size in SMALL.items():
            assert texts(one, split) == texts(other, split)
            answers = [
                (e.label, o.label)
                for e, o in zip(one.split(split), other.split(split), strict=True)
            ]
            same = [a for a, b in answers if a == b]
            assert size - len(same) == round(conflict * size)


def test_conflict_leaves_the_other_tasks_alone() -> None:
    none, full = (load(OPTIONS | {"conflict": conflict}) for conflict in (0.0, 1.0))
    paired = {task.name for pair in PAIRS for task in pair.tasks}
    for a, b in zip(none, full, strict=True):
        assert (a.sha256() == b.sha256()) == (a.task.name not in paired)


def test_more_sentences_than_there_are_is_an_error() -> None:
    with pytest.raises(DataError, match=r"view: dev is 9000; there are about \d+ different"):
        load(OPTIONS | {"dev": 9000})
