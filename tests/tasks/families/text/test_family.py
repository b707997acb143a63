"""Batches, heads and losses of the sentence family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.text.family import SentenceFamily
from seesaw.tasks.sources.sentences import load
from seesaw.tasks.task import TaskData

TRACK = get_track("sentences@1")
SMALL = TRACK.options | {"train": 40, "dev": 8, "test": 20}


@pytest.fixture(scope="module")
def data() -> list[TaskData]:
    return load(SMALL)


@pytest.fixture(scope="module")
def family(data: list[TaskData]) -> SentenceFamily:
    return SentenceFamily.open(TRACK, data, locate(TRACK.backbone))


def batches(family: SentenceFamily, seed: int, micro: int = 2) -> list:
    order = np.random.default_rng(seed)
    return list(family.data.train(order, steps=4, size=12, micro_batches=micro))


def test_order_depends_on_the_seed_alone(family: SentenceFamily) -> None:
    one, same, other = (batches(family, seed) for seed in (0, 0, 1))
    for a, b in zip(one, same, strict=True):
        assert all(torch.equal(x.input_ids, y.input_ids) for x, y in zip(a, b, strict=True))
    assert any(
        x.input_ids.shape != y.input_ids.shape or not torch.equal(x.input_ids, y.input_ids)
        for a, b in zip(one, other, strict=True)
        for x, y in zip(a, b, strict=True)
    )


def test_micro_batches_cut_the_same_examples(family: SentenceFamily) -> None:
    for whole, cut in zip(batches(family, 0, 1), batches(family, 0, 3), strict=True):
        assert len(cut) == 3
        assert sum(len(b) for b in cut) == len(whole[0]) == 12
        assert torch.equal(torch.cat([b.task_ids for b in cut]), whole[0].task_ids)
        assert sum(b.tokens for b in cut) == whole[0].tokens


def test_tasks_take_equal_turns(family: SentenceFamily, data: list[TaskData]) -> None:
    seen = torch.cat([b.task_ids for step in batches(family, 0) for b in step])
    counts = torch.bincount(seen, minlength=len(data))
    assert counts.sum() == 48
    assert counts.max() - counts.min() <= 1


def test_every_example_is_scored_once_and_in_place(family: SentenceFamily) -> None:
    for split, size in (("dev", 8), ("test", 20)):
        rows: dict[int, list[int]] = {}
        for batch, numbers in family.data.eval(split, 6):
            task = int(batch.task_ids[0])
            assert (batch.task_ids == task).all()
            rows.setdefault(task, []).extend(numbers)
            own = getattr(family.data.data[task], split)
            assert [own[n].label for n in numbers] == batch.labels.tolist()
        assert all(sorted(numbers) == list(range(size)) for numbers in rows.values())


def test_losses_and_answers_read_only_the_tasks_own_columns(
    family: SentenceFamily, data: list[TaskData]
) -> None:
    (batch,) = batches(family, 0, 1)[0]
    outputs = torch.randn(len(batch), family.scoring.columns_of[-1].stop)
    losses = family.scoring.losses(outputs, batch)
    assert (losses > 0).all()
    chosen = batch.task_ids == 0
    changed = outputs.clone()
    changed[chosen, family.scoring.columns_of[0].stop :] += 9.0
    torch.testing.assert_close(family.scoring.losses(changed, batch)[chosen], losses[chosen])
    similarity = next(i for i, d in enumerate(data) if d.task.n_classes is None)
    mean, deviation = family.scoring.moments[similarity]
    perfect = outputs.clone()
    labels = torch.full((len(batch),), mean + deviation)
    perfect[:, family.scoring.columns_of[similarity]] = 1.0
    only = replace(batch, task_ids=torch.full_like(batch.task_ids, similarity), labels=labels)
    assert family.scoring.losses(perfect, only).abs().max() < 1e-10
    np.testing.assert_allclose(family.scoring.predictions(perfect, similarity), labels, 1e-6)


def test_long_texts_are_cut_to_the_limit(data: list[TaskData]) -> None:
    recipe = TRACK.recipe.model_copy(update={"max_length": 8})
    cut = TRACK.model_copy(update={"recipe": recipe})
    short = SentenceFamily.open(cut, data, locate(TRACK.backbone))
    assert short.data.batch([(2, data[2].train[0])]).input_ids.shape == (1, 8)
