"""Instructions with a language model: batches, losses, and answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from lms import adapted, stories

from seesaw.suite.run.evaluate import answer, general_loss, predict
from seesaw.suite.run.model import in_single_precision
from seesaw.tasks.backbones import language
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.family import routed
from seesaw.tasks.families.language.instruction import Instruction, InstructionTask, check_answers
from seesaw.tasks.families.language.scoring import chosen
from seesaw.tasks.families.language.tokens import IGNORED, Encoder
from seesaw.tasks.task import DataError, TaskData


@pytest.mark.slow
def test_progress_counts_every_text_and_usage_no_padding() -> None:
    family = stories()
    model = adapted(family, "molora")
    counted: list[int] = []
    _, usage = predict(model, family, Accelerator(cpu=True), counted.append)
    assert sum(counted) == family.data.eval_size("dev") + family.data.eval_size("test")
    encoder = family.data.encoder
    tokens = [
        sum(sum(map(len, encoder.pair(*e[:2], "test", end=True))) for e in data.test)
        for data in family.data.data
    ]
    for table in usage.values():
        # gates of a token sum to one
        assert table.sum().item() == pytest.approx(sum(tokens), rel=1e-4)


def test_told_tasks_change_the_answers() -> None:
    family = stories(("lookup", "tracking", "edit"))
    model = adapted(family, "moelora")
    batch, _ = next(family.data.eval("test", 4))
    other = replace(batch, task_ids=(batch.task_ids + 1) % 3, labels=batch.input_ids)
    batch = replace(batch, labels=batch.input_ids)
    accelerator = Accelerator(cpu=True)
    assert not torch.allclose(answer(model, accelerator, batch), answer(model, accelerator, other))


def test_only_answers_are_learnt_unless_the_track_says_all() -> None:
    own, every = stories(("edit",)), stories(("edit",), loss_on="all")
    rows = [(0, "write\nanswer:", " a b"), (0, "write it\nanswer:", " c")]
    encoder = own.data.encoder
    batch = own.data.scored(rows, "train", end=True)
    assert batch.labels is not None
    shown = [encoder.tokenizer.decode(row[row != IGNORED]) for row in batch.labels]
    assert shown == [" a b<end>", " c<end>"]
    longer = every.data.scored(rows, "train", end=True)
    assert longer.labels is not None
    assert torch.equal(longer.labels[longer.mask > 0], longer.input_ids[longer.mask > 0])
    # a choice is ranked by its own tokens alone, whatever is learnt
    ranked = every.data.scored(rows, "test", end=False)
    assert ranked.labels is not None
    assert encoder.tokenizer.decode(ranked.labels[0][ranked.labels[0] != IGNORED]) == " a b"


def test_the_loss_is_that_of_transformers() -> None:
    family = stories(("edit", "sorting"))
    model = adapted(family, None)
    (batch,) = next(family.data.train(np.random.default_rng(0), 1, 1, 1))
    with torch.no_grad():
        ours = family.scoring.loss(model(batch), batch, 1)
        theirs = model.backbone(input_ids=batch.input_ids, labels=batch.labels).loss
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_micro_batches_add_up_and_the_order_is_the_seed() -> None:
    family = stories()
    model = adapted(family, "lora")

    def loss(parts: int) -> float:
        (batches,) = list(family.data.train(np.random.default_rng(3), 1, 16, parts))
        with torch.no_grad():
            return sum(float(family.scoring.loss(model(b), b, 16)) for b in batches)

    assert loss(1) == pytest.approx(loss(4), rel=1e-5)


def test_long_prompts_lose_their_left_end_and_are_counted() -> None:
    family = stories(("edit",), max_length=40)
    encoder = family.data.encoder
    prompt = "the dog " * 60 + "answer:"
    ids, own = encoder.pair(prompt, " cat", "train", end=True)
    assert len(ids) + len(own) == 40
    assert encoder.tokenizer.decode(ids).endswith(" dog answer:")
    assert len(encoder.prompt(prompt, 24, "test")) == 16
    encoder.prompt(prompt, 24, "test")
    assert family.data.cut_prompts == {"train": 1, "test": 1}
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
    tokenizer = language.tokenizer(locate(get_track("stories@1").backbone).parent)
    tokenizer.pad_token = None
    with pytest.raises(DataError, match="has no padding token"):
        Encoder(tokenizer, 40, False)


@pytest.mark.slow
def test_general_text_costs_what_the_recipe_says() -> None:
    family = stories(("edit", "sorting", "lookup"))
    found = general_loss(adapted(family, None), family, Accelerator(cpu=True))
    assert found is not None
    assert 0.5 < found < 1.5
    moved = general_loss(adapted(family, "moelora"), family, Accelerator(cpu=True))
    assert moved is not None
    assert moved > found


def test_choices_of_the_likeliest_text() -> None:
    choices = (" long one", " s")
    assert chosen(choices, [-4.0, -3.0], "choice") == " s"
    assert chosen(choices, [-4.0, -3.0], "choice_norm") == " long one"


def test_four_bits_need_a_gpu(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="base nf4 needs a GPU and bitsandbytes"):
        stories(("edit",), base="nf4").models.backbone()


@pytest.mark.parametrize("method", ["lora", "smora", "ase"])
def test_adapters_stay_in_fp32_on_a_bf16_base(method: str) -> None:
    family = stories(("edit", "sorting"), base="bf16", checkpointing=True)
    model = in_single_precision(adapted(family, method)).train()
    kinds = {p.requires_grad: p.dtype for p in model.parameters()}
    assert kinds == {False: torch.bfloat16, True: torch.float32}
    (batch,) = next(family.data.train(np.random.default_rng(0), 1, 4, 1))
    with routed(model, batch), torch.autocast("cpu", torch.bfloat16):
        family.scoring.loss(model(batch), batch, 4).backward()
    for parameter in model.parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None
            assert parameter.grad.isfinite().all()
