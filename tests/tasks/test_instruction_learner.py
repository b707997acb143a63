"""Instructions with a language model: batches, answers, and the same answers from lm-eval."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from lm_eval.tasks import TaskManager
from lms import tiny_t5
from torch import nn

from methods import get_method, routing
from methods.method import Placement
from suite.build import in_single_precision
from suite.harness import TASKS
from suite.score import answer, general_loss, predict
from tasks import backbones
from tasks.instructions import lm
from tasks.instructions.example import Instruction, InstructionTask
from tasks.instructions.harness import evaluate, harness_tasks
from tasks.instructions.learner import InstructionLearner, check_answers, chosen
from tasks.instructions.model import LanguageModel
from tasks.instructions.tokens import IGNORED, Encoder
from tasks.task import DataError, TaskData
from tasks.track import InstructionTrack, get_track

FEW = {"train": 24, "dev": 4, "test": 5}


def stories(only: tuple[str, ...] = (), **recipe: Any) -> InstructionLearner:
    """The learner of `stories` with a few examples."""
    track = get_track("stories")
    assert isinstance(track, InstructionTrack)
    track = track.model_copy(
        update={
            "options": track.options | FEW,
            "recipe": track.recipe.model_copy(update=recipe),
        }
    )
    _, data = track.load_data(None, only)
    return InstructionLearner.open(track, data, backbones.locate(track.backbone))


def adapted(learner: InstructionLearner, method: str | None) -> LanguageModel:
    """The LM with an adapter that was moved away from its start, ready to answer."""
    backbone: Any = learner.backbone()
    if method is not None:
        config = get_method(method)()
        config = config.placed(Placement(learner.track.backbone.adapted), 0.0, len(learner.tasks))
        size = next(s for s in config.sizes() if s.r >= 8 or s.fixed_size).scaled(1.0)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            backbone = size.adapt(backbone)
            for parameter in backbone.parameters():
                if parameter.requires_grad:
                    nn.init.normal_(parameter, std=0.03)
    return learner.model(backbone).eval()


def in_house(learner: InstructionLearner, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split without lm-eval."""
    accelerator = Accelerator(cpu=True)
    return learner.outcomes(
        "test",
        (
            (answer(model, accelerator, batch), batch, rows)
            for batch, rows in learner.eval_batches("test", size)
        ),
    )


def through_lm_eval(learner: InstructionLearner, model: LanguageModel, size: int) -> pd.DataFrame:
    """Outcomes of the test split through lm-eval."""
    ranked, texts = {}, {}
    found = evaluate(model, learner.encoder, learner.data, learner.track, routing, size)
    for task, own in enumerate(found):
        ranked |= {(task, row): values for row, values in own.ranked.items()}
        texts |= {(task, row): text for row, text in own.texts.items()}
    return learner.table("test", ranked, texts)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "smora", "ase", "moelora"])
def test_both_scorings_agree_on_every_item(method: str) -> None:
    """At batch sizes 1 and 16; a plain method, one routed by the token, two told the task."""
    learner = stories()
    model = adapted(learner, method)
    first = in_house(learner, model, 16)
    assert len(first) == 8 * FEW["test"]
    assert first["found"].nunique() > 8
    for size in (1, 16):
        pd.testing.assert_frame_equal(first, through_lm_eval(learner, model, size))
    pd.testing.assert_frame_equal(first, in_house(learner, model, 1))


def test_lm_evals_own_numbers_are_ours() -> None:
    learner = stories(("lookup", "tracking"))
    model = adapted(learner, None)
    table = through_lm_eval(learner, model, 8)
    for task, own in zip(
        learner.tasks,
        evaluate(model, learner.encoder, learner.data, learner.track, routing),
        strict=True,
    ):
        (values,) = own.results.values()
        metric = task.metrics[0]
        theirs = next(v for name, v in values.items() if name.split(",")[0] == metric)
        both = table.assign(split="dev"), table
        ours = learner.scores(pd.concat(both), task.name, [metric])["test"][metric]
        assert theirs == pytest.approx(ours)


def test_the_task_files_say_what_the_suite_says() -> None:
    """lm-eval's own command line reads files; a run hands the same descriptions over."""
    manager = TaskManager(include_path=str(TASKS), include_defaults=False)
    track = get_track("stories")
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


def test_progress_counts_every_text_and_usage_no_padding() -> None:
    learner = stories()
    model = adapted(learner, "molora")
    counted: list[int] = []
    _, usage = predict(model, learner, Accelerator(cpu=True), counted.append)
    assert sum(counted) == learner.eval_size("dev") + learner.eval_size("test")
    encoder = learner.encoder
    tokens = [
        sum(sum(map(len, encoder.pair(*e[:2], "test", end=True))) for e in data.test)
        for data in learner.data
    ]
    for table in usage.values():
        # gates of a token sum to one
        assert table.sum().item() == pytest.approx(sum(tokens), rel=1e-4)


def test_told_tasks_change_the_answers() -> None:
    learner = stories(("lookup", "tracking", "edit"))
    model = adapted(learner, "moelora")
    batch, _ = next(learner.eval_batches("test", 4))
    other = replace(batch, task_ids=(batch.task_ids + 1) % 3, labels=batch.input_ids)
    batch = replace(batch, labels=batch.input_ids)
    accelerator = Accelerator(cpu=True)
    assert not torch.allclose(answer(model, accelerator, batch), answer(model, accelerator, other))


def test_only_answers_are_learnt_unless_the_track_says_all() -> None:
    own, every = stories(("edit",)), stories(("edit",), loss_on="all")
    rows = [(0, "write\nanswer:", " a b"), (0, "write it\nanswer:", " c")]
    encoder = own.encoder
    batch = own.scored_batch(rows, "train", end=True)
    assert batch.labels is not None
    shown = [encoder.tokenizer.decode(row[row != IGNORED]) for row in batch.labels]
    assert shown == [" a b<end>", " c<end>"]
    longer = every.scored_batch(rows, "train", end=True)
    assert longer.labels is not None
    assert torch.equal(longer.labels[longer.mask > 0], longer.input_ids[longer.mask > 0])
    # a choice is ranked by its own tokens alone, whatever is learnt
    ranked = every.scored_batch(rows, "test", end=False)
    assert ranked.labels is not None
    assert encoder.tokenizer.decode(ranked.labels[0][ranked.labels[0] != IGNORED]) == " a b"


def test_the_loss_is_that_of_transformers() -> None:
    learner = stories(("edit", "sorting"))
    model = adapted(learner, None)
    (batch,) = next(learner.train_batches(np.random.default_rng(0), 1, 1, 1))
    with torch.no_grad():
        ours = learner.loss(model(batch), batch, 1)
        theirs = model.backbone(input_ids=batch.input_ids, labels=batch.labels).loss
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_micro_batches_add_up_and_the_order_is_the_seed() -> None:
    learner = stories()
    model = adapted(learner, "lora")

    def loss(parts: int) -> float:
        (batches,) = list(learner.train_batches(np.random.default_rng(3), 1, 16, parts))
        with torch.no_grad():
            return sum(float(learner.loss(model(b), b, 16)) for b in batches)

    assert loss(1) == pytest.approx(loss(4), rel=1e-5)


def test_long_prompts_lose_their_left_end_and_are_counted() -> None:
    learner = stories(("edit",), max_length=40)
    encoder = learner.encoder
    prompt = "the dog " * 60 + "answer:"
    ids, own = encoder.pair(prompt, " cat", "train", end=True)
    assert len(ids) + len(own) == 40
    assert encoder.tokenizer.decode(ids).endswith(" dog answer:")
    assert len(encoder.prompt(prompt, 24, "test")) == 16
    encoder.prompt(prompt, 24, "test")
    assert learner.cut_prompts == {"train": 1, "test": 1}
    with pytest.raises(DataError, match="an answer has 61 tokens, max_length is 40"):
        encoder.pair("a", " dog" * 60, "train", end=True)


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (Instruction("p", " "), "t test row 0: the answer is empty"),
        (Instruction("p", " a"), "t test row 0: ' a' is not among its choices: none"),
        (Instruction("p", " a", (" b",)), "' a' is not among its choices: ' b'"),
    ],
)
def test_examples_without_an_answer_are_named(example: Instruction, message: str) -> None:
    task = InstructionTask("t", metrics=("acc",))
    with pytest.raises(DataError, match=message):
        check_answers(TaskData(task, [], [], [example]))


def test_a_tokenizer_without_padding_is_named() -> None:
    tokenizer = lm.tokenizer(backbones.locate(get_track("stories").backbone).parent)
    tokenizer.pad_token = None
    with pytest.raises(DataError, match="has no padding token"):
        Encoder(tokenizer, 40, False)


def test_general_text_costs_what_the_recipe_says() -> None:
    learner = stories(("edit", "sorting", "lookup"))
    found = general_loss(adapted(learner, None), learner, Accelerator(cpu=True))
    assert found is not None
    assert 0.5 < found < 1.5
    moved = general_loss(adapted(learner, "moelora"), learner, Accelerator(cpu=True))
    assert moved is not None
    assert moved > found


@pytest.fixture
def t5(tmp_path: Path) -> InstructionLearner:
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
    return InstructionLearner.open(track, own, tmp_path / "t5" / "model.safetensors")


@pytest.mark.parametrize("method", ["lora", "smora", "moelora", "ase"])
def test_an_encoder_decoder_learns_and_both_scorings_agree(
    t5: InstructionLearner, method: str
) -> None:
    model = adapted(t5, method)
    (batch,) = next(t5.train_batches(np.random.default_rng(0), 1, 8, 1))
    before = batch.labels
    assert before is not None
    assert batch.tokens == int(batch.mask.sum()) + int((before != IGNORED).sum())
    with routing(model, *model.route(batch)):
        t5.loss(model(batch), batch, 8).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    ours = in_house(t5, model, 4)
    pd.testing.assert_frame_equal(ours, through_lm_eval(t5, model, 4))


def test_choices_of_the_likeliest_text() -> None:
    choices = (" long one", " s")
    assert chosen(choices, [-4.0, -3.0], "choice") == " s"
    assert chosen(choices, [-4.0, -3.0], "choice_norm") == " long one"


def test_four_bits_need_a_gpu(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="base nf4 needs a GPU and bitsandbytes"):
        stories(("edit",), base="nf4").backbone()


@pytest.mark.parametrize("method", ["lora", "smora", "ase"])
def test_adapters_stay_in_fp32_on_a_bf16_base(method: str) -> None:
    learner = stories(("edit", "sorting"), base="bf16", checkpointing=True)
    model = in_single_precision(adapted(learner, method)).train()
    kinds = {p.requires_grad: p.dtype for p in model.parameters()}
    assert kinds == {False: torch.bfloat16, True: torch.float32}
    (batch,) = next(learner.train_batches(np.random.default_rng(0), 1, 4, 1))
    with routing(model, *model.route(batch)), torch.autocast("cpu", torch.bfloat16):
        learner.loss(model(batch), batch, 4).backward()
    for parameter in model.parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None
            assert parameter.grad.isfinite().all()
