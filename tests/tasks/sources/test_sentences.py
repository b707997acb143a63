"""The generated sentences: the same everywhere, balanced, and no help to a bag of words."""

from __future__ import annotations

from collections import Counter

import pytest

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.text.baselines import bag_of_words
from seesaw.tasks.sources.sentences import load
from seesaw.tasks.sources.sentences.conflict import PAIRS
from seesaw.tasks.task import SPLITS, TaskData

OPTIONS = get_track("sentences@1").options
DATA = load(OPTIONS)
BY_NAME = {data.task.name: data for data in DATA}


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_sizes_and_no_text_in_two_splits(data: TaskData) -> None:
    assert [len(getattr(data, split)) for split in SPLITS] == [2000, 300, 600]
    texts = Counter(example[:2] for split in SPLITS for example in getattr(data, split))
    assert max(texts.values()) == 1


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_classes_are_about_equally_frequent(data: TaskData) -> None:
    if data.task.n_classes is None:
        labels = [example.label for example in data.test]
        assert min(labels) >= 0.0
        assert max(labels) <= 5.0
        assert len(set(labels)) >= 5
    else:
        shares = Counter(example.label for example in data.train)
        assert len(shares) == data.task.n_classes
        for count in shares.values():
            assert count / 2000 == pytest.approx(1 / data.task.n_classes, abs=0.06)


@pytest.mark.parametrize("data", DATA, ids=lambda data: data.task.name)
def test_words_alone_do_not_give_the_answer_away(data: TaskData) -> None:
    score = bag_of_words(data)[data.task.metrics[0]]
    if data.task.n_classes is None:
        assert abs(score) < 0.2
    elif data.task.n_classes == 2:
        assert score < 0.6
    else:  # both topics named are seen: a guess between two of four
        assert score < 0.55


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("conflict", [0.0, 0.25, 1.0])
def test_conflict_is_the_share_of_sentences_read_in_opposite_ways(
    pair: tuple[str, str], conflict: float
) -> None:
    data = {d.task.name: d for d in load(OPTIONS | {"conflict": conflict, "train": 200})}
    for split, size in (("train", 200), ("dev", 300), ("test", 600)):
        one, other = (
            {example[:2]: example.label for example in getattr(data[name], split)} for name in pair
        )
        shared = one.keys() & other.keys()
        assert len(shared) == round(conflict * size)
        assert all(one[text] != other[text] for text in shared)
