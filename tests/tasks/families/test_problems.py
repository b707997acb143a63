"""Outcomes that cannot be those of a model on the track's data are named, in every family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lms import stories

from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.family import TaskFamily, open_family
from seesaw.tasks.families.language.family import InstructionFamily
from seesaw.tasks.task import SCORED

Change = Callable[[pd.DataFrame], pd.DataFrame]


def opened(path: Path) -> TaskFamily:
    track = get_track(str(path))
    _, data = track.load_data(None)
    return open_family(track, data, locate(track.backbone))


def guessed(family: TaskFamily, channels: Callable[[int], object]) -> pd.DataFrame:
    """Outcomes of outputs that know nothing, sorted as they are stored."""
    frames = [
        family.scoring.outcomes(
            split,
            ((channels(len(batch)), batch, rows) for batch, rows in family.data.eval(split, 8)),
        )
        for split in SCORED
    ]
    return pd.concat(frames, ignore_index=True).sort_values(list(family.scoring.key))


@pytest.fixture
def sentences(tiny_track: Path) -> tuple[TaskFamily, pd.DataFrame]:
    family, generator = opened(tiny_track), torch.Generator().manual_seed(0)
    columns = sum(task.n_classes or 1 for task in family.tasks)
    found = guessed(family, lambda size: torch.randn(size, columns, generator=generator))
    stored = found.astype({"split": "category", "task": "category", "row": "int32"})
    return family, stored.astype({"prediction": "float32", "target": "float32"})


def put(column: str, value: object) -> Change:
    """Another value in the first row of topic's test split."""

    def change(outcomes: pd.DataFrame) -> pd.DataFrame:
        chosen = outcomes.index[(outcomes["task"] == "topic") & (outcomes["split"] == "test")]
        changed = outcomes.astype({column: object})
        changed.loc[chosen[0], column] = value
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda o: o.drop(columns="target"), "outcomes have no column target"),
        (lambda o: o[o["split"] != "dev"], "64 rows of outcomes are missing, the first is dev"),
        (
            lambda o: o[o["task"] != "topic"],
            "24 rows of outcomes are missing, the first is dev topic",
        ),
        (lambda o: pd.concat((o, o[:2])), "2 rows of outcomes are doubled"),
        (put("row", 99), "1 rows of outcomes are not the data's, the first is test topic 99"),
        (put("row", 1), "1 rows of outcomes are doubled, the first is test topic 1"),
        (put("split", "train"), "not the data's, the first is train topic 0"),
        (put("task", "none"), "not the data's, the first is test none 0"),
        (put("target", 9.0), "have another target than the data, the first is test topic 0"),
        (put("target", None), "have another target than the data, the first is test topic 0"),
        (put("prediction", float("nan")), "have a prediction that is no class or number"),
        (put("prediction", -1.0), "have a prediction that is no class or number"),
        (put("prediction", 0.5), "have a prediction that is no class or number"),
        (put("prediction", 40.0), "have a prediction that is no class or number"),
        (put("prediction", "two"), "have a prediction that is no class or number"),
    ],
)
def test_of_sentences(
    sentences: tuple[TaskFamily, pd.DataFrame], change: Change, problem: str
) -> None:
    family, outcomes = sentences
    assert family.scoring.problems(outcomes) == []
    found = family.scoring.problems(change(outcomes))
    assert any(problem in line for line in found), found


def answered(family: InstructionFamily) -> pd.DataFrame:
    """Outcomes of a model that likes every first choice and writes its prompt again."""
    frames = []
    for split in SCORED:
        keys = {
            (index, row): example
            for index, data in enumerate(family.data.data)
            for row, example in enumerate(data.split(split))
        }
        ranked = {key: [-float(k) for k in range(len(e.choices))] for key, e in keys.items()}
        texts = {key: example.prompt for key, example in keys.items()}
        frames.append(family.scoring.table(split, ranked, texts))
    return pd.concat(frames, ignore_index=True)


def test_of_instructions() -> None:
    family = stories(("edit", "tracking"))
    outcomes = answered(family)
    assert family.scoring.problems(outcomes) == []
    for task, column, value, problem in (
        ("edit", "wanted", '["yes"]', "want another answer than the data"),
        ("edit", "found", " a blank first", "have an answer that cannot have been found"),
        ("edit", "found", None, "have an answer that cannot have been found"),
        ("tracking", "found", "nobody at all", "have an answer that cannot have been found"),
    ):
        changed = outcomes.copy()
        row = changed.index[changed["task"] == task][0]
        changed.loc[row, column] = value
        (found,) = family.scoring.problems(changed)
        assert problem in found
        assert task in found


FAMILIES = {
    "semseg": "miou", "saliency": "saliency", "normals": "normals", "edges": "boundaries",
}  # fmt: skip


def test_of_pictures(tiny_scenes: Path) -> None:
    family, generator = opened(tiny_scenes), torch.Generator().manual_seed(0)

    def outputs(size: int) -> dict[str, torch.Tensor]:
        return {
            task.name: torch.randn(size, task.outputs, 48, 48, generator=generator)  # type: ignore[attr-defined]
            for task in family.tasks
        }

    outcomes = guessed(family, outputs)
    assert family.scoring.problems(outcomes) == []

    def changed(task: str, metric: str, change: Callable[[np.ndarray], object]) -> list[str]:
        forged = outcomes.copy()
        chosen = (forged["task"] == task) & (forged["family"] == metric)
        row = forged.index[chosen & (forged["split"] == "test")][0]
        forged.at[row, "statistics"] = change(forged.at[row, "statistics"].copy())
        return family.scoring.problems(forged)

    for task, metric in (*FAMILIES.items(), ("edges", "edge_bce")):
        (found,) = changed(task, metric, lambda own: own * 2)
        assert "are of another label than the data's" in found
        assert f"test {task} {metric}" in found
        for change in (lambda own: own[:-1], lambda own: own * np.nan, lambda own: own - 1e6):
            (found,) = changed(task, metric, change)
            assert "hold numbers that are not those of their metric" in found
    (found,) = changed("semseg", "miou", lambda own: ["many"])
    assert "hold no numbers" in found


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("semseg", {-1: -0.5, 0: 0.5}),  # half a pixel
        ("saliency", {1: 2.0}),  # more than all
        ("normals", {0: 1e6}),  # larger than its histogram lets it be
        ("normals", {2: 1.0}),  # another share within a limit than the histogram's
        ("edges", {1: 1.0}),  # another best threshold
    ],
)
def test_of_predictions_that_no_network_makes(
    tiny_scenes: Path, task: str, change: dict[int, float]
) -> None:
    family = opened(tiny_scenes)
    zeros = {own.name: torch.zeros(1, own.outputs, 48, 48) for own in family.tasks}  # type: ignore[attr-defined]
    outcomes = guessed(
        family, lambda size: {name: value.expand(size, -1, -1, -1) for name, value in zeros.items()}
    )
    row = outcomes.index[(outcomes["task"] == task) & (outcomes["family"] == FAMILIES[task])][0]
    statistics = outcomes.at[row, "statistics"].copy()
    if task == "semseg":  # in the row of a class that is there, whose pixels are all found as 0
        there = int(statistics.argmax())
        change = {there + 1 + index: added for index, added in change.items()}
    for index, added in change.items():
        statistics[index] += added
    outcomes.at[row, "statistics"] = statistics
    (found,) = family.scoring.problems(outcomes)
    assert "are of no possible prediction" in found
