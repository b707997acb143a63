"""Learning instructions with a language model: batches, loss, answers, outcomes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from seesaw.tasks.backbones import language
from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.families.language.lm_eval import evaluate
from seesaw.tasks.families.language.metrics import METRICS, Output, score
from seesaw.tasks.families.language.model import Batch, LanguageModel
from seesaw.tasks.families.language.tokens import IGNORED, Encoder
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.families.learner import EVAL_BATCH, Answers, Learner, Routing, Scores, mixed_rows
from seesaw.tasks.task import SPLITS, DataError, TaskData

HELD_OUT = "held-out.txt"
"""General text beside the weights, a row a line; what is forgotten is measured on it."""
COLUMNS = ["split", "task", "output", "row", "found", "wanted"]
Line = tuple[int, int]
"""Row of an example, and which of its choices; 0 where it generates."""
Data = TaskData[InstructionTask, Instruction]


class InstructionLearner(Learner):
    """Prompts in, loss and answers out, for the tasks of one track.

    Dev is scored here, test by lm-eval; both give the same answers.
    """

    key = ("split", "task", "output", "row")

    def __init__(self, track: InstructionTrack, data: Sequence[Data], weights: Path) -> None:
        self.track, self.data, self.weights = track, data, weights
        self.tasks: tuple[InstructionTask, ...] = tuple(d.task for d in data)
        for own in data:
            check_answers(own)

    @classmethod
    def open(cls, track: InstructionTrack, data: Sequence[Data], weights: Path) -> Self:
        """See `Learner.open`."""
        return cls(track, data, weights)

    @staticmethod
    def load_backbone(track: InstructionTrack, weights: Path, meta: bool = False) -> nn.Module:
        """See `Learner.load_backbone`."""
        return language.load(weights.parent, track.recipe.base, track.recipe.checkpointing, meta)

    @cached_property
    def sha256(self) -> dict[str, str]:  # type: ignore[override]
        """Hash of every task's examples."""
        return {data.task.name: data.sha256() for data in self.data}

    @cached_property
    def encoder_decoder(self) -> bool:
        """Whether the prompt is read by an encoder."""
        return language.is_encoder_decoder(self.weights.parent)

    @cached_property
    def encoder(self) -> Encoder:
        """The backbone's own tokens."""
        tokenizer = language.tokenizer(self.weights.parent)
        return Encoder(tokenizer, self.track.recipe.max_length, self.encoder_decoder)

    def backbone(self) -> nn.Module:
        """See `Learner.backbone`."""
        return self.load_backbone(self.track, self.weights)

    def model(self, backbone: nn.Module, told_task: bool = False) -> LanguageModel:
        """See `Learner.model`."""
        return LanguageModel(backbone, self.encoder_decoder)

    def scored_batch(self, rows: Sequence[tuple[int, str, str]], split: str, end: bool) -> Batch:
        """(task, prompt, answer) rows whose answers are scored, padded on the right."""
        encoder, pad = self.encoder, self.encoder.tokenizer.pad_token_id
        pairs = [encoder.pair(prompt, answer, split, end) for _, prompt, answer in rows]
        if self.encoder_decoder:
            ids, mask = encoder.padded([prompt for prompt, _ in pairs], pad, left=False)
            labels, _ = encoder.padded([answer for _, answer in pairs], IGNORED, left=False)
        else:
            ids, mask = encoder.padded([[*a, *b] for a, b in pairs], pad, left=False)
            learnt = end and self.track.recipe.loss_on == "all"
            hidden = [a if learnt else [IGNORED] * len(a) for a, _ in pairs]
            own = [[*a, *b] for a, (_, b) in zip(hidden, pairs, strict=True)]
            labels, _ = encoder.padded(own, IGNORED, left=False)
        return Batch(ids, mask, torch.tensor([task for task, *_ in rows]), labels)

    def generated_batch(self, task: int, prompts: Sequence[str], split: str) -> Batch:
        """Prompts of one task that are to be continued, padded on the left."""
        encoder, own = self.encoder, self.tasks[task]
        rows = [encoder.prompt(prompt, own.max_new_tokens, split) for prompt in prompts]
        pad = encoder.tokenizer.pad_token_id
        ids, mask = encoder.padded(rows, pad, left=not self.encoder_decoder)
        options = {
            "max_new_tokens": own.max_new_tokens,
            "num_beams": own.beams,
            "pad_token_id": pad,
            "eos_token_id": encoder.tokenizer.eos_token_id,
        }
        return Batch(ids, mask, torch.full((len(rows),), task), None, options)

    def train_batches(
        self, order: np.random.Generator, steps: int, size: int, micro_batches: int
    ) -> Iterator[list[Batch]]:
        """Mixed-task batches, each cut by length into micro-batches."""
        sizes = [len(d.train) for d in self.data]
        for drawn in mixed_rows(order, sizes, steps, size):
            examples = [(task, *self.data[task].train[row][:2]) for task, row in drawn]
            examples.sort(key=lambda e: len(e[1]) + len(e[2]))
            chunks = np.array_split(np.arange(size), micro_batches)
            yield [
                self.scored_batch([examples[i] for i in chunk], "train", end=True)
                for chunk in chunks
            ]

    def loss(self, outputs: Tensor, batch: Batch, size: int) -> Tensor:
        """Mean over examples of the mean over an answer's tokens."""
        assert batch.labels is not None
        learnt = (batch.labels != IGNORED).sum(1)
        return -(outputs / learnt).sum() / size

    def eval_batches(self, split: str, size: int) -> Iterator[tuple[Batch, list[Line]]]:
        """Every example of a split, task by task and sorted by length: choices, then words."""
        for index, data in enumerate(self.data):
            examples: Sequence[Instruction] = getattr(data, split)
            rows = sorted(range(len(examples)), key=lambda row: len(examples[row].prompt))
            if {"choice", "choice_norm"} & set(data.task.outputs):
                lines = [(row, k) for row in rows for k in range(len(examples[row].choices))]
                for start in range(0, len(lines), size):
                    part = lines[start : start + size]
                    texts = [
                        (index, examples[row].prompt, examples[row].choices[k]) for row, k in part
                    ]
                    yield self.scored_batch(texts, split, end=False), part
            if "generate" in data.task.outputs:
                for start in range(0, len(rows), size):
                    chunk = rows[start : start + size]
                    prompts = [examples[row].prompt for row in chunk]
                    yield self.generated_batch(index, prompts, split), [(row, 0) for row in chunk]

    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        """What was found for every example, beside what was wanted."""
        found: dict[tuple[int, int], dict[int, float]] = {}
        texts: dict[tuple[int, int], str] = {}
        for outputs, batch, lines in answers:
            task = int(batch.task_ids[0])
            if batch.labels is None:
                written = self.encoder.tokenizer.batch_decode(outputs, skip_special_tokens=True)
                texts |= {(task, row): text for (row, _), text in zip(lines, written, strict=True)}
            else:
                values = outputs.float().cpu().tolist()
                for (row, choice), value in zip(lines, values, strict=True):
                    found.setdefault((task, row), {})[choice] = value
        ranked = {key: [own[k] for k in sorted(own)] for key, own in found.items()}
        return self.table(split, ranked, texts)

    def table(
        self,
        split: str,
        ranked: Mapping[tuple[int, int], Sequence[float]],
        texts: Mapping[tuple[int, int], str],
    ) -> pd.DataFrame:
        """Outcomes from log-likelihoods of choices and generated texts by (task, row)."""
        rows = []
        for index, data in enumerate(self.data):
            for row, example in enumerate(getattr(data, split)):
                own = (index, row)
                wanted = json.dumps(data.task.wanted(example), ensure_ascii=False)
                for output in data.task.outputs:
                    if output == "generate":
                        text = texts[own]
                    else:
                        text = chosen(example.choices, ranked[own], output)
                    rows.append(
                        (split, data.task.name, output, row, data.task.extract(text), wanted)
                    )
        return pd.DataFrame(rows, columns=COLUMNS)

    def evaluate(
        self,
        split: str,
        model: LanguageModel,
        answer: Callable[[Batch], Tensor],
        routing: Routing,
        scored: Callable[[int], None],
    ) -> pd.DataFrame:
        """Test through lm-eval, dev as everything else."""
        if split != "test":
            return super().evaluate(split, model, answer, routing, scored)
        ranked: dict[tuple[int, int], Sequence[float]] = {}
        texts: dict[tuple[int, int], str] = {}
        evaluated = evaluate(model, self.encoder, self.data, self.track, routing)
        for task, own in enumerate(evaluated):
            ranked |= {(task, row): values for row, values in own.ranked.items()}
            texts |= {(task, row): text for row, text in own.texts.items()}
            scored(self.lines(task, split))
        return self.table(split, ranked, texts)

    def routed_batches(self) -> Iterator[Batch]:
        """Prompts with their answers: lm-eval does not say what is padding."""
        for task, data in enumerate(self.data):
            for start in range(0, len(data.test), EVAL_BATCH):
                rows = [(task, *e[:2]) for e in data.test[start : start + EVAL_BATCH]]
                yield self.scored_batch(rows, "test", end=True)

    def lines(self, task: int, split: str) -> int:
        """Texts that scoring a task's split takes: all choices, and what is generated."""
        own: Sequence[Instruction] = getattr(self.data[task], split)
        outputs = set(self.tasks[task].outputs)
        choices = sum(len(e.choices) for e in own) if outputs - {"generate"} else 0
        return choices + (len(own) if "generate" in outputs else 0)

    def eval_size(self, split: str) -> int:
        """See `Learner.eval_size`."""
        return sum(self.lines(task, split) for task in range(len(self.tasks)))

    @property
    def cut_prompts(self) -> dict[str, int]:
        """See `Learner`."""
        return {split: len(prompts) for split, prompts in self.encoder.cut.items()}

    @staticmethod
    def scores(outcomes: pd.DataFrame, task: str, metrics: Sequence[str]) -> Scores:
        """See `Learner.scores`."""
        own = outcomes[outcomes["task"] == task]
        return {split: _score(own[own["split"] == split], metrics) for split in ("dev", "test")}

    def examples(self, task: int, split: str) -> int:
        """See `Learner.examples`."""
        return len(getattr(self.data[task], split))

    def trivial(self, task: int) -> Scores:
        """The most frequent answer of training, to everything."""
        data = self.data[task]
        answer = Counter(data.task.extract(e.answer) for e in data.train).most_common(1)[0][0]
        wanted = [json.dumps(data.task.wanted(e)) for e in data.test]
        same = ([answer] * len(wanted), wanted)
        outputs = {METRICS[name].output: same for name in data.task.metrics}
        return {"constant": score(data.task.metrics, outputs)}

    def head(self, model: Any, task: int) -> dict[str, Tensor]:
        """There is none: the LM's own answers."""
        return {}

    def general_batches(self) -> Iterator[tuple[Batch, int]]:
        """The text beside the weights, row by row, each task's id as often as any other's."""
        path = self.weights.parent / HELD_OUT
        if not path.is_file() or self.encoder_decoder:
            return
        encoder = self.encoder
        rows = [encoder.tokenizer.encode(text) for text in path.read_text().splitlines()]
        rows = [row[: encoder.max_length] for row in rows if len(row) > 1]
        for start in range(0, len(rows), EVAL_BATCH):
            part = rows[start : start + EVAL_BATCH]
            ids, mask = encoder.padded(part, encoder.tokenizer.pad_token_id, left=False)
            labels = ids.where(mask > 0, IGNORED)
            tasks = torch.arange(start, start + len(part)) % len(self.tasks)
            yield Batch(ids, mask, tasks, labels), int(mask.sum()) - len(part)


def check_answers(data: Data) -> None:
    """Complain of examples that cannot be answered.

    Raises:
        DataError: an answer is empty, or not among its choices where they are ranked.
    """
    for split in SPLITS:
        for row, example in enumerate(getattr(data, split)):
            where = f"{data.task.name} {split} row {row}"
            if not example.answer.strip():
                raise DataError(f"{where}: the answer is empty")
            if set(data.task.outputs) - {"generate"} and example.answer not in example.choices:
                shown = ", ".join(map(repr, example.choices)) or "none"
                raise DataError(f"{where}: {example.answer!r} is not among its choices: {shown}")


def chosen(choices: Sequence[str], values: Sequence[float], output: Output) -> str:
    """The likeliest choice, the first if several are; per character, as lm-eval's `acc_norm`."""
    if output == "choice_norm":
        values = [v / len(c) for v, c in zip(values, choices, strict=True)]
    return choices[int(np.argmax(values))]


def _score(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
    answers = {
        str(output): (own["found"].tolist(), own["wanted"].tolist())
        for output, own in outcomes.groupby("output", observed=True)
    }
    return score(metrics, answers)
