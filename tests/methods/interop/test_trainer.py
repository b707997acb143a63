"""The methods in the trainers people use: nothing to remember, and the loss of our own loop."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from datasets import Dataset
from tiny_models import GATED, TASK_IDS, VOCABULARY, adapted, config, inputs
from torch import Tensor
from transformers import (
    PreTrainedTokenizerFast,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    Trainer,
    TrainingArguments,
)

from seesaw.methods import DroppedLoss, routing, routing_state
from seesaw.methods.core.balancing import BiasBalanced

STEPS, LEARNING_RATE = 4, 1e-2
AUXILIARY = ["smora", "molora", "moelora", "more", "ase"]
"""Methods with a bias that moves, with a loss of their own, and told the task."""


def rows(arch: str, count: int = 4 * STEPS) -> list[dict[str, Any]]:
    """Examples with their task, unpadded, so that batches are alike however they are made."""
    generator = torch.Generator().manual_seed(3)
    ids = torch.randint(3, VOCABULARY, (count, 6), generator=generator)
    labels = torch.arange(count) % 2 if arch == "bert" else ids
    return [
        {
            "input_ids": ids[i],
            "attention_mask": torch.ones(6, dtype=torch.long),
            "labels": labels[i],
            "task_ids": TASK_IDS[i % 4],
        }
        for i in range(count)
    ]


def collate(examples: list[dict[str, Any]]) -> dict[str, Tensor]:
    return {key: torch.stack([torch.as_tensor(e[key]) for e in examples]) for key in examples[0]}


def arguments(folder: Path, kind: Any = TrainingArguments, **changes: Any) -> Any:
    settings: dict[str, Any] = {
        "per_device_train_batch_size": 4,
        "max_steps": STEPS,
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": 0.0,
        "logging_steps": 1,
        "report_to": "none",
        "remove_unused_columns": False,
        "save_strategy": "no",
        "use_cpu": True,
        "seed": 0,
    }
    return kind(output_dir=str(folder), **{**settings, **changes})


class InOrder(Trainer):
    """A Trainer that shows the examples as they stand."""

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)


def by_trainer(model: Any, arch: str, folder: Path, **changes: Any) -> list[float]:
    """The losses of every step."""
    trainer = InOrder(
        model=model,
        args=arguments(folder, **changes),
        train_dataset=rows(arch),
        data_collator=collate,
    )
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def by_our_loop(model: Any, arch: str, parts: int = 1) -> list[float]:
    """The same with `routing` held around every micro-batch, as the suite trains."""
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], LEARNING_RATE, weight_decay=0.0
    )
    told = model.peft_config["default"].told_task
    model.train()
    losses = []
    examples = rows(arch)
    for step in range(STEPS):
        total = 0.0
        batch = examples[4 * step : 4 * step + 4]
        for part in range(parts):
            given = collate(batch[part * 4 // parts : (part + 1) * 4 // parts])
            ids, mask = given.pop("task_ids"), given["attention_mask"]
            with routing(model, ids if told else None, mask) as state:
                loss = (model(**given).loss + state.auxiliary_loss()) / parts
                loss.backward()
            total += float(loss.detach())
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total)
    return losses


@pytest.mark.parametrize(
    ("arch", "parts"),
    # those of the others do not count their items when they are accumulated, with any adapter
    [("bert", 1), ("llama", 1), ("llama", 2), ("t5", 1)],
)
@pytest.mark.parametrize("name", AUXILIARY)
def test_a_trainer_trains_as_our_loop(name: str, arch: str, parts: int, tmp_path: Path) -> None:
    by_loop, by_hf = adapted(name, arch), adapted(name, arch)
    wanted = by_our_loop(by_loop, arch, parts)
    accumulated = {"per_device_train_batch_size": 4 // parts, "gradient_accumulation_steps": parts}
    found = by_trainer(by_hf, arch, tmp_path, **accumulated)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    state = by_hf.state_dict()
    for key, value in by_loop.state_dict().items():
        torch.testing.assert_close(state[key], value, rtol=0, atol=1e-5)
    if name == "smora":
        assert any(
            value.any() for key, value in state.items() if key.endswith(".bias") and "seesaw" in key
        )


@pytest.mark.parametrize("name", GATED)
def test_nothing_of_a_step_is_kept_after_it(name: str, tmp_path: Path) -> None:
    model = adapted(name, "llama")
    by_trainer(model, "llama", tmp_path)
    state = routing_state(model)
    assert state is not None
    assert not state.losses
    assert not state.collected


def test_a_loss_that_is_left_out_is_said() -> None:
    model = adapted("molora", "llama").train()
    batch = {k: v for k, v in inputs("llama").items() if k != "labels"}
    model(**batch)
    with pytest.warns(DroppedLoss, match=r"4 auxiliary losses of adapters were left out"):
        model(**batch)
    state = routing_state(model)
    assert state is not None
    state.auxiliary_loss()
    model(**batch)  # it was asked for, so nothing is said


def test_in_evaluation_the_loss_is_the_models_own() -> None:
    model = adapted("molora", "llama")
    loss = model(**inputs("llama")).loss
    with routing(model):
        torch.testing.assert_close(model(**inputs("llama")).loss, loss)


def test_without_the_column_the_error_says_what_to_set(tmp_path: Path) -> None:
    trainer = Trainer(
        model=adapted("moelora", "llama"),
        args=arguments(tmp_path, remove_unused_columns=True),
        train_dataset=Dataset.from_list(rows("llama")).with_format("torch"),
    )
    with pytest.raises(ValueError, match="remove_unused_columns=False"):
        trainer.train()


@pytest.mark.parametrize("name", ["smora", "moelora"])
def test_checkpointing_in_a_trainer(name: str, tmp_path: Path) -> None:
    found = by_trainer(adapted(name, "llama"), "llama", tmp_path, gradient_checkpointing=True)
    torch.testing.assert_close(
        found, by_our_loop(adapted(name, "llama"), "llama"), rtol=0, atol=1e-5
    )


def test_a_plain_accelerate_loop(tmp_path: Path) -> None:
    wanted = by_our_loop(adapted("smora", "llama"), "llama")
    accelerator = Accelerator(cpu=True)
    model = adapted("smora", "llama").train()
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], LEARNING_RATE, weight_decay=0.0
    )
    model, optimizer = accelerator.prepare(model, optimizer)
    examples, found = rows("llama"), []
    for step in range(STEPS):
        loss = model(**collate(examples[4 * step : 4 * step + 4])).loss
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        found.append(float(loss.detach()))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["smora", "moelora"])
def test_a_trainer_of_sequences_generates_with_tasks(name: str, tmp_path: Path) -> None:
    trainer = Seq2SeqTrainer(
        model=adapted(name, "t5"),
        args=arguments(
            tmp_path,
            Seq2SeqTrainingArguments,
            predict_with_generate=True,
            generation_max_length=5,
        ),
        train_dataset=rows("t5"),
        eval_dataset=rows("t5", 4),
        data_collator=collate,
    )
    trainer.train()
    assert trainer.predict(rows("t5", 4)).predictions.shape[0] == 4


def tokenizer() -> PreTrainedTokenizerFast:
    """Words w0 ... as their numbers."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {f"w{i}": i for i in range(VOCABULARY)}
    made = Tokenizer(models.WordLevel(words, unk_token="w0"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="w0", eos_token="w1")


@pytest.mark.parametrize("name", ["smora", "molora", "moelora"])
def test_trl_fine_tunes_with_them(name: str, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    texts = [" ".join(f"w{int(i)}" for i in row["input_ids"]) for row in rows("llama")]
    tasks = [int(row["task_ids"]) for row in rows("llama")]
    model = adapted(name, "llama", task_type="CAUSAL_LM")
    before = {key: value.clone() for key, value in model.state_dict().items()}

    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    class WithTasks(DataCollatorForLanguageModeling):  # type: ignore[misc]
        def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
            ids = [example["task_ids"] for example in examples]
            return {**super().torch_call(examples), "task_ids": torch.tensor(ids)}

    trainer = trl.SFTTrainer(
        model=model,
        args=arguments(tmp_path, trl.SFTConfig, max_length=16, packing=False),
        train_dataset=Dataset.from_dict({"text": texts, "task_ids": tasks}),
        processing_class=tokenizer(),
        data_collator=WithTasks(pad_token_id=0),
    )
    trainer.train()
    moved = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert any("seesaw_adapter" in key for key in moved)
    if name == "smora":
        assert any(key.endswith(".bias") for key in moved)


def _train_in_parallel(rank: int, address: str, counted: Tensor, gradients: Tensor) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", address, rank=rank, world_size=2)
    model = adapted("smora", "llama").train()
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    examples = rows("llama")
    for part, last in ((0, False), (1, True)):
        own = collate(examples[4 * part + 2 * rank : 4 * part + 2 * rank + 2])
        own.pop("task_ids")
        with nullcontext() if last else parallel.no_sync():
            (parallel(**own).loss / 2).backward()
    layer = next(m for m in model.modules() if isinstance(m, BiasBalanced))
    counted[rank] = layer.counts.sum()
    gradients[rank] = layer.down.grad.flatten()[0]
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_data_parallel_training_counts_what_each_process_saw(tmp_path: Path) -> None:
    counted, gradients = torch.zeros(2).share_memory_(), torch.zeros(2).share_memory_()
    address = f"file://{tmp_path / 'meet'}"
    torch.multiprocessing.spawn(_train_in_parallel, (address, counted, gradients), nprocs=2)
    active = config("smora", "llama").active
    assert counted.tolist() == [2 * 2 * 6 * active] * 2
    assert gradients[0] == gradients[1] != 0
