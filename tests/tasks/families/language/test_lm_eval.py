"""The same answers from lm-eval as from the suite's own scoring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lm_eval.tasks import TaskManager
from lms import FEW, adapted, in_house, stories, through_lm_eval, tiny_t5

from seesaw.suite.trained.lm_eval import TASKS
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.family import routed
from seesaw.tasks.families.language import lm_eval_tasks as harness
from seesaw.tasks.families.language.family import InstructionFamily
from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.families.language.lm_eval import evaluate
from seesaw.tasks.families.language.lm_eval_tasks import harness_tasks
from seesaw.tasks.families.language.tokens import IGNORED
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.task import DataError, TaskData


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "version"), [("lora", 1), ("smora", 1), ("ase", 1), ("moelora", 1), ("smora", 2)]
)
def test_both_scorings_agree_on_every_item(method: str, version: int) -> None:
    """At batch sizes 1 and 16; a plain method, one routed by the token, two told the task."""
    family = stories(version=version)
    model = adapted(family, method)
    first = in_house(family, model, 16)
    assert len(first) == 8 * FEW["test"]
    assert first["found"].nunique() > 8
    for size in (1, 16):
        pd.testing.assert_frame_equal(first, through_lm_eval(family, model, size))
    pd.testing.assert_frame_equal(first, in_house(family, model, 1))


@pytest.mark.parametrize(
    ("version", "only"), [(1, ("lookup", "tracking")), (2, ("seeing", "liking"))]
)
def test_lm_evals_own_numbers_are_ours(version: int, only: tuple[str, ...]) -> None:
    family = stories(only, version)
    model = adapted(family, None)
    table = through_lm_eval(family, model, 8)
    for task, own in zip(
        family.tasks,
        evaluate(model, family.data.encoder, family.data.data, family.scoring.track),
        strict=True,
    ):
        (values,) = own.results.values()
        metric = task.metrics[0]
        theirs = next(v for name, v in values.items() if name.split(",")[0] == metric)
        both = table.assign(split="dev"), table
        ours = family.scoring.scores(pd.concat(both), task.name, [metric])["test"][metric]
        assert theirs == pytest.approx(ours)


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, 2])
def test_the_task_files_say_what_the_suite_says(version: int) -> None:
    """lm-eval's own command line reads files; a run hands the same descriptions over."""
    manager = TaskManager(include_path=str(TASKS), include_defaults=False)
    track = get_track(f"stories@{version}")
    assert isinstance(track, InstructionTrack)
    _, data = track.load_data(None)
    for own in data:
        ((name, ours),) = harness_tasks(track, own.task, own.test).items()
        ((_, theirs),) = manager.load([name])["tasks"].items()
        config = theirs.config.to_dict(keep_callable=True)
        for field in ours.keys() - {"custom_dataset", "process_results", "filter_list", "metadata"}:
            assert config[field] == ours[field], (name, field)
        assert ours["metadata"].items() <= config["metadata"].items()
        assert list(theirs.test_docs()) == list(ours["custom_dataset"]()["test"])


def test_a_task_that_a_track_lacks_is_named() -> None:
    with pytest.raises(DataError, match=r"unknown task 'sing' of .*; it has: edit, "):
        harness.test_split("stories@1", "sing")


@pytest.fixture
def t5(tmp_path: Path) -> InstructionFamily:
    """A tiny T5 with two tasks, one of them ranked too."""
    words = [f"w{n}" for n in range(30)]
    tiny_t5(tmp_path / "t5", [" ".join(words)])
    rng = np.random.default_rng(0)

    def data(name: str) -> TaskData[InstructionTask, Instruction]:
        def rows(count: int) -> list[Instruction]:
            drawn = rng.integers(0, 30, (count, 6))
            texts = [[words[i] for i in row] for row in drawn]
            return [Instruction(" ".join(t[:5]), t[5], (t[5], t[0])) for t in texts]

        metrics = ("exact_match", "acc") if name == "both" else ("exact_match",)
        task = InstructionTask(name, metrics=metrics, max_new_tokens=5, beams=2)
        return TaskData(task, rows(20), rows(6), rows(6))

    track = get_track("glue-t5")
    assert isinstance(track, InstructionTrack)
    own = [data("both"), data("words")]
    return InstructionFamily.open(track, own, tmp_path / "t5" / "model.safetensors")


@pytest.mark.parametrize("method", ["lora", "smora", "moelora", "ase"])
def test_an_encoder_decoder_learns_and_both_scorings_agree(
    t5: InstructionFamily, method: str
) -> None:
    model = adapted(t5, method)
    (batch,) = next(t5.data.train(np.random.default_rng(0), 1, 8, 1))
    before = batch.labels
    assert before is not None
    assert batch.tokens == int(batch.mask.sum()) + int((before != IGNORED).sum())
    with routed(model, batch):
        t5.scoring.loss(model(batch), batch, 8).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    ours = in_house(t5, model, 4)
    pd.testing.assert_frame_equal(ours, through_lm_eval(t5, model, 4))
